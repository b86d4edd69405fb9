import { admit } from '../limits/admission.ts'
import { STREAM_ARN, TAG_KEY_LIST, TAGS_MAX_BODY_BYTES } from '../server/members.ts'
import { removeTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

const GATE = { operation: 'UntagResource', denial: 'AccessDeniedException' } as const

/** UntagResource: UntagStream by ARN. */
export const untagResource = defineOperation({
  name: 'UntagResource',
  path: '/UntagResource',
  maxBodyBytes: TAGS_MAX_BODY_BYTES,
  request: {
    type: 'structure',
    members: { ResourceARN: { ...STREAM_ARN, required: true }, TagKeyList: TAG_KEY_LIST },
  },
  handle(request, service, record) {
    removeTags(admit(GATE, { StreamARN: request.ResourceARN }, service, record), request.TagKeyList)
    return { json: {} }
  },
})
