import { admit } from '../limits/admission.ts'
import { NEXT_TOKEN, ONE_STREAM, TAGGED_STREAM_MEMBERS } from '../server/members.ts'
import { listTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

/** ListTagsForStream: a stream's tags. */
export const listTagsForStream = defineOperation({
  name: 'ListTagsForStream',
  path: '/listTagsForStream',
  request: {
    type: 'structure',
    members: { ...TAGGED_STREAM_MEMBERS, NextToken: NEXT_TOKEN },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admit({ operation: 'ListTagsForStream' }, request, service, record)
    return { json: listTags(stream, request.NextToken) }
  },
})
