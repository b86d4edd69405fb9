import { admitToAccount } from '../limits/admission.ts'
import {
  DEVICE_NAME,
  MEDIA_TYPE,
  STORAGE_CONFIGURATION,
  STREAM_NAME,
  TAG_MAP,
  TAGS_MAX_BODY_BYTES,
} from '../server/members.ts'
import { MOST_RETENTION_HOURS } from '../streams/stream-metadata.ts'
import { defineOperation } from './operation.ts'

/** CreateStream: a new and empty stream; without a retention of its own nothing on it is kept. */
export const createStream = defineOperation({
  name: 'CreateStream',
  path: '/createStream',
  maxBodyBytes: TAGS_MAX_BODY_BYTES,
  request: {
    type: 'structure',
    members: {
      StreamName: { ...STREAM_NAME, required: true },
      DeviceName: DEVICE_NAME,
      MediaType: MEDIA_TYPE,
      KmsKeyId: { type: 'string', minLength: 1, maxLength: 2048, pattern: /.+/ },
      DataRetentionInHours: { type: 'number', integer: true, min: 0, max: MOST_RETENTION_HOURS },
      Tags: TAG_MAP,
      StreamStorageConfiguration: STORAGE_CONFIGURATION,
    },
  },
  handle(request, service, record) {
    admitToAccount(
      { operation: 'CreateStream', rates: { account: 'accountCallsPerSecond' } },
      service,
      record,
    )
    service.faults.strike('CreateStream', { name: request.StreamName }, record)
    const stream = service.streams.createByCall({
      name: request.StreamName,
      region: record.region,
      deviceName: request.DeviceName,
      mediaType: request.MediaType,
      kmsKeyId: request.KmsKeyId,
      dataRetentionInHours: request.DataRetentionInHours,
      tags: request.Tags,
      storageTier: request.StreamStorageConfiguration?.DefaultStorageTier,
    })
    return { json: { StreamARN: stream.arn } }
  },
})
