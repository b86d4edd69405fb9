import { admit } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { defineOperation } from './operation.ts'

const GATE = { operation: 'DescribeStreamStorageConfiguration', denial: 'AccessDeniedException' } as const

/** DescribeStreamStorageConfiguration: the tier that a stream was given. */
export const describeStreamStorageConfiguration = defineOperation({
  name: 'DescribeStreamStorageConfiguration',
  path: '/describeStreamStorageConfiguration',
  request: { type: 'structure', members: STREAM_MEMBERS, oneOf: ONE_STREAM },
  handle(request, service, record) {
    const stream = admit(GATE, request, service, record)
    const { name, metadata } = stream
    const StreamStorageConfiguration = { DefaultStorageTier: metadata.current.storageTier }
    return { json: { StreamName: name, StreamARN: stream.arnIn(record.region), StreamStorageConfiguration } }
  },
})
