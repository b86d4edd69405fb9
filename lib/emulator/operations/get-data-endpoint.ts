import { admitToMedia } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { defineOperation } from './operation.ts'

const GATE = {
  operation: 'GetDataEndpoint',
  rates: { account: 'accountLookupsPerSecond', stream: 'getDataEndpointCallsPerSecond' },
} as const

/** GetDataEndpoint: where to send the calls of an API; here always this same server. */
export const getDataEndpoint = defineOperation({
  name: 'GetDataEndpoint',
  path: '/getDataEndpoint',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      APIName: {
        type: 'string',
        required: true,
        choices: [
          'PUT_MEDIA',
          'GET_MEDIA',
          'LIST_FRAGMENTS',
          'GET_MEDIA_FOR_FRAGMENT_LIST',
          'GET_HLS_STREAMING_SESSION_URL',
          'GET_DASH_STREAMING_SESSION_URL',
          'GET_CLIP',
          'GET_IMAGES',
        ],
      },
    },
    oneOf: ONE_STREAM,
  },
  handle(request, service, record) {
    const stream = admitToMedia(GATE, request, service, record)
    service.faults.renewEndpoint(stream, record.region)
    return { json: { DataEndpoint: service.settings.advertisedUrl ?? service.url } }
  },
})
