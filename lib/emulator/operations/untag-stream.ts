import { admit } from '../limits/admission.ts'
import { ONE_STREAM, TAG_KEY_LIST, TAGGED_STREAM_MEMBERS, TAGS_MAX_BODY_BYTES } from '../server/members.ts'
import { removeTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

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
