import { admit } from '../limits/admission.ts'
import { ONE_STREAM, TAG_MAP, TAGGED_STREAM_MEMBERS, TAGS_MAX_BODY_BYTES } from '../server/members.ts'
import { addTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

/** TagStream: adds tags to a stream, or gives those that it has new values. */
export const tagStream = defineOperation({
  name: 'TagStream',
  path: '/tagStream',
  maxBodyBytes: TAGS_MAX_BODY_BYTES,
  request: {
    type: 'structure',
    members: { ...TAGGED_STREAM_MEMBERS, Tags: { ...TAG_MAP, required: true } },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    addTags(admit({ operation: 'TagStream' }, request, service, record), request.Tags)
    return { json: {} }
  },
})
