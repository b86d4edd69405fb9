import type { IncomingHttpHeaders } from 'node:http'
import { ProducerHeaders } from '../ingest/producer-headers.ts'
import { SessionAnswer } from '../ingest/session-answer.ts'
import { admitToMedia } from '../limits/admission.ts'
import { ONE_STREAM, STREAM_MEMBERS } from '../server/members.ts'
import { invalidArgument } from '../server/service-exception.ts'
import { defineOperation } from './operation.ts'

const GATE = {
  operation: 'PutMedia',
  rates: { stream: 'putMediaCallsPerSecond' },
  strikesLater: true,
} as const

/** Where the members of a PutMedia request come from; the SDKs' models do not have it. */
const HEADERS: Readonly<Record<string, string>> = {
  StreamName: 'x-amzn-stream-name',
  StreamARN: 'x-amzn-stream-arn',
  FragmentTimecodeType: 'x-amzn-fragment-timecode-type',
  ProducerStartTimestamp: 'x-amzn-producer-start-timestamp',
  FragmentAcknowledgmentRequired: 'x-amzn-fragment-acknowledgment-required',
}

/**
 * PutMedia: takes a producer's MKV, and acknowledges its fragments while it comes. An error of the request itself is
 * answered at once; the session's slot is taken, and the response begins, with the first byte of media. So a producer may
 * open its next connection while the one before still waits for an acknowledgement.
 */
export const putMedia = defineOperation({
  name: 'PutMedia',
  path: '/putMedia',
  request: {
    type: 'structure',
    members: {
      ...STREAM_MEMBERS,
      FragmentTimecodeType: { type: 'string', required: true, choices: ['ABSOLUTE', 'RELATIVE'] },
      ProducerStartTimestamp: { type: 'string', maxLength: 64 },
      FragmentAcknowledgmentRequired: { type: 'string', choices: ['0', '1'] },
    },
    oneOf: ONE_STREAM,
  },
  fromHeaders: headers => membersOf(headers),
  handle(request, service, record) {
    if (request.StreamName !== undefined && request.StreamARN !== undefined) {
      throw invalidArgument('Give the name of the stream or its ARN, not both')
    }
    const headers = new ProducerHeaders(request)
    const stream = admitToMedia(GATE, request, service, record)
    const fault = service.faults.strike('PutMedia', stream, record)
    return new SessionAnswer({ stream, headers, service, record, fault })
  },
})

function membersOf(headers: IncomingHttpHeaders): Record<string, unknown> {
  const given = Object.entries(HEADERS).map(([member, header]) => [member, headers[header]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
