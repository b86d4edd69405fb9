import { admit } from '../limits/admission.ts'
import { STREAM_ARN, VERSION } from '../server/members.ts'
import { defineOperation } from './operation.ts'

/** DeleteStream: the media are gone at once; the stream is told of as DELETING for a while. */
export const deleteStream = defineOperation({
  name: 'DeleteStream',
  path: '/deleteStream',
  request: {
    type: 'structure',
    members: { StreamARN: { ...STREAM_ARN, required: true }, CurrentVersion: VERSION },
  },
  async handle(request, service, record) {
    const stream = admit({ operation: 'DeleteStream' }, request, service, record)
    await service.streams.deleteByCall(stream, request.CurrentVersion)
    return { json: {} }
  },
})
