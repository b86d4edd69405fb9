import { admit } from '../admission.ts'
import { ONE_STREAM, TAG_KEY_LIST, TAGGED_STREAM_MEMBERS, TAGS_MAX_BODY_BYTES } from '../members.ts'
import { defineOperation } from '../operation.ts'
import { removeTags } from '../stream-tags.ts'

/** UntagStream: takes tags away by their names. */
export const untagStream = defineOperation({
  name: 'UntagStream',
  path: '/untagStream',
  maxBodyBytes: TAGS_MAX_BODY_BYTES,
  request: {
    type: 'structure',
    members: { ...TAGGED_STREAM_MEMBERS, TagKeyList: TAG_KEY_LIST },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    removeTags(admit({ operation: 'UntagStream' }, request, service, record), request.TagKeyList)
    return { json: {} }
  },
})
