import { admit } from '../limits/admission.ts'
import { NEXT_TOKEN, STREAM_ARN } from '../server/members.ts'
import { listTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

const GATE = { operation: 'ListTagsForResource', denial: 'AccessDeniedException' } as const

/** ListTagsForResource: ListTagsForStream by ARN. */
export const listTagsForResource = defineOperation({
  name: 'ListTagsForResource',
  path: '/ListTagsForResource',
  request: {
    type: 'structure',
    members: { ResourceARN: { ...STREAM_ARN, required: true }, NextToken: NEXT_TOKEN },
  },
  handle(request, service, record) {
    const stream = admit(GATE, { StreamARN: request.ResourceARN }, service, record)
    return { json: listTags(stream, request.NextToken) }
  },
})
