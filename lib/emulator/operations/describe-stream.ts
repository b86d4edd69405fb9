import { admit } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { streamInfo } from '../streams/stream-info.ts'
import { defineOperation } from './operation.ts'

const GATE = {
  operation: 'DescribeStream',
  rates: { account: 'accountLookupsPerSecond', stream: 'describeStreamCallsPerSecond' },
} as const

/** DescribeStream: what is known of one stream. */
export const describeStream = defineOperation({
  name: 'DescribeStream',
  path: '/describeStream',
  request: { type: 'structure', members: STREAM_MEMBERS, oneOf: ONE_STREAM },
  handle(request, service, record) {
    const stream = admit(GATE, request, service, record)
    return { json: { StreamInfo: streamInfo(stream, service.streams.statusOf(stream), record.region) } }
  },
})
