import { ONE_STREAM, STREAM_MEMBERS } from '../members.ts'
import { defineOperation } from '../operation.ts'
import { tooManyCalls } from '../service-exception.ts'
import { streamInfo } from '../stream-info.ts'

/** DescribeStream: what is known of one stream (facts 1.6). */
export const describeStream = defineOperation({
  name: 'DescribeStream',
  path: '/describeStream',
  request: { type: 'structure', members: STREAM_MEMBERS, oneOf: ONE_STREAM },
  handle(request, service) {
    const stream = service.streams.resolve(request)
    if (!stream.takeCall('describeStreamCallsPerSecond')) throw tooManyCalls('DescribeStream', stream.name)
    const { region, accountId } = service.settings
    return { json: { StreamInfo: streamInfo(stream, region, accountId) } }
  },
})
