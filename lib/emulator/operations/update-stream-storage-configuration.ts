import { admit } from '../limits/admission.ts'
import { ONE_STREAM, STORAGE_CONFIGURATION, STREAM_MEMBERS, VERSION } from '../server/members.ts'
import { defineOperation } from './operation.ts'

const GATE = { operation: 'UpdateStreamStorageConfiguration', denial: 'AccessDeniedException' } as const

/** UpdateStreamStorageConfiguration: another tier, which is kept and told, and changes nothing else. */
export const updateStreamStorageConfiguration = defineOperation({
  name: 'UpdateStreamStorageConfiguration',
  path: '/updateStreamStorageConfiguration',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      CurrentVersion: { ...VERSION, required: true },
      StreamStorageConfiguration: { ...STORAGE_CONFIGURATION, required: true },
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admit(GATE, request, service, record)
    const { CurrentVersion, StreamStorageConfiguration } = request
    const storageTier = StreamStorageConfiguration.DefaultStorageTier
    service.streams.updateByCall(stream, CurrentVersion, { storageTier })
    return { json: {} }
  },
})
