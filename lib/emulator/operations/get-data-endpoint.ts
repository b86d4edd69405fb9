import { ONE_STREAM, STREAM_MEMBERS } from '../members.ts'
import { defineOperation } from '../operation.ts'
import { tooManyCalls } from '../service-exception.ts'

/** GetDataEndpoint: where to send the calls of an API; here always this same server (facts 2). */
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
  handle(request, service) {
    const stream = service.streams.resolve(request)
    if (!stream.takeCall('getDataEndpointCallsPerSecond')) throw tooManyCalls('GetDataEndpoint', stream.name)
    return { json: { DataEndpoint: service.settings.advertisedUrl ?? service.url } }
  },
})
