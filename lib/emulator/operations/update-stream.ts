import { admit } from '../limits/admission.ts'
import { DEVICE_NAME, MEDIA_TYPE, ONE_STREAM, STREAM_MEMBERS, VERSION } from '../server/members.ts'
import { defineOperation } from './operation.ts'

/** UpdateStream: another device name or media type; the version changes with every call. */
export const updateStream = defineOperation({
  name: 'UpdateStream',
  path: '/updateStream',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      CurrentVersion: { ...VERSION, required: true },
      DeviceName: DEVICE_NAME,
      MediaType: MEDIA_TYPE,
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admit({ operation: 'UpdateStream' }, request, service, record)
    const { CurrentVersion, DeviceName, MediaType } = request
    service.streams.updateByCall(stream, CurrentVersion, {
      ...(DeviceName !== undefined && { deviceName: DeviceName }),
      ...(MediaType !== undefined && { mediaType: MediaType }),
    })
    return { json: {} }
  },
})
