import { admit } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS, VERSION } from '../server/members.ts'
import { invalidArgument } from '../server/service-exception.ts'
import { MOST_RETENTION_HOURS } from '../streams/stream-metadata.ts'
import { defineOperation } from './operation.ts'

/** UpdateDataRetention: so many hours more or less; what is stored follows the new retention. */
export const updateDataRetention = defineOperation({
  name: 'UpdateDataRetention',
  path: '/updateDataRetention',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      CurrentVersion: { ...VERSION, required: true },
      Operation: {
        type: 'string',
        required: true,
        choices: ['INCREASE_DATA_RETENTION', 'DECREASE_DATA_RETENTION'],
      },
      DataRetentionChangeInHours: { type: 'number', required: true, integer: true, min: 1 },
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admit({ operation: 'UpdateDataRetention' }, request, service, record)
    const { CurrentVersion, Operation, DataRetentionChangeInHours } = request
    const isMore = Operation === 'INCREASE_DATA_RETENTION'
    const hours = stream.dataRetentionInHours + (isMore ? 1 : -1) * DataRetentionChangeInHours
    if (hours < 0 || hours > MOST_RETENTION_HOURS) {
      throw invalidArgument(
        `The data retention would be ${hours} hours; 0 to ${MOST_RETENTION_HOURS} can be.`,
      )
    }
    service.streams.updateByCall(stream, CurrentVersion, { dataRetentionInHours: hours })
    return { json: {} }
  },
})
