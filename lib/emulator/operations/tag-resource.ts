import { admit } from '../limits/admission.ts'
import {
  MOST_TAGS,
  STREAM_ARN,
  TAG_KEY,
  TAG_VALUE,
  TAGS_MAX_BODY_BYTES,
  TOO_MANY_TAGS,
} from '../server/members.ts'
import { invalidArgument } from '../server/service-exception.ts'
import { addTags } from '../streams/stream-tags.ts'
import { defineOperation } from './operation.ts'

const GATE = { operation: 'TagResource', denial: 'AccessDeniedException' } as const

/** TagResource: TagStream by ARN, with the tags in a list. Signaling channels are not found here. */
export const tagResource = defineOperation({
  name: 'TagResource',
  path: '/TagResource',
  maxBodyBytes: TAGS_MAX_BODY_BYTES,
  request: {
    type: 'structure',
    members: {
      ResourceARN: { ...STREAM_ARN, required: true },
      Tags: {
        type: 'list',
        required: true,
        minSize: 1,
        maxSize: MOST_TAGS,
        tooManyType: TOO_MANY_TAGS,
        of: {
          type: 'structure',
          members: { Key: { ...TAG_KEY, required: true }, Value: { ...TAG_VALUE, required: true } },
        },
      },
    },
  },
  handle(request, service, record) {
    const stream = admit(GATE, { StreamARN: request.ResourceARN }, service, record)
    const tags = Object.fromEntries(request.Tags.map(({ Key, Value }) => [Key, Value]))
    if (Object.keys(tags).length < request.Tags.length) throw invalidArgument('A tag key is given twice')
    addTags(stream, tags)
    return { json: {} }
  },
})
