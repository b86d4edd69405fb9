import type { Readable } from 'node:stream'
import type { HttpBody } from '../http/http-body.ts'
import { requestIdOf } from '../http/service-answer.ts'
import { sendCall } from '../http/service-call.ts'
import { processGate } from '../limits/call-gate.ts'
import type { CallSettings } from './call-settings.ts'
import { type CallAdmission, callAtDataEndpoint } from './data-call.ts'
import type { StreamId } from './stream-id.ts'

/**
 * What the clusters' timestamps count from: the session's `producerStartTimestamp` (`RELATIVE`), or the epoch
 * (`ABSOLUTE`).
 */
export type FragmentTimecodeType = 'ABSOLUTE' | 'RELATIVE'

/** One PutMedia request. */
export type PutMediaRequest = {
  readonly fragmentTimecodeType: FragmentTimecodeType
  readonly producerStartTimestamp: Date
  /** Sent as Content-Type; no header without it. */
  readonly contentType?: string | undefined
  /** The media: one MKV document. It flows from the moment when the connection stands. */
  readonly media: Readable
}

export type OpenPutSession = {
  /** For AWS support. */
  readonly requestId: string | undefined
  /** The acknowledgements, one JSON object a line, while the media flows. */
  readonly acknowledgements: HttpBody
  /** Forgets the endpoint: to be called when the connection breaks. */
  readonly dropEndpoint: () => void
}

/**
 * Calls PutMedia: credentials, the data endpoint, a place among the calls of this second, and the request, whose body
 * is sent as it flows. Resolves at the answer's head, which comes at once, with the acknowledgements paused; rejects
 * with one of the package's errors. The media's stream is destroyed with the connection.
 *
 * Follows PutMedia of the Kinesis Video Streams guide.
 */
export async function callPutMedia(
  settings: CallSettings,
  request: PutMediaRequest,
  admission: CallAdmission,
): Promise<OpenPutSession> {
  return await callAtDataEndpoint(settings, 'PUT_MEDIA', 'PutMedia', admission, async target => {
    const { endpoint, credentials, dropEndpoint } = target
    const ticket = await processGate().takePutMediaCall(settings.key, admission)
    admission.admitted?.()
    const headers = headersOf(settings.streamId, request)
    const call = { endpoint, operation: 'PutMedia', headers, body: request.media }
    const answer = await sendCall(settings, credentials, call, ticket, admission.signal)
    return { requestId: requestIdOf(answer.headers), acknowledgements: answer.body, dropEndpoint }
  })
}

function headersOf(id: StreamId, request: PutMediaRequest): Record<string, string> {
  const { fragmentTimecodeType, producerStartTimestamp, contentType } = request
  const stream =
    id.streamARN === undefined
      ? { 'x-amzn-stream-name': id.streamName }
      : { 'x-amzn-stream-arn': id.streamARN }
  return {
    ...stream,
    'x-amzn-fragment-timecode-type': fragmentTimecodeType,
    'x-amzn-producer-start-timestamp': (producerStartTimestamp.getTime() / 1000).toFixed(3),
    // As the C producer has it; the service tells acknowledgements without it too.
    'x-amzn-fragment-acknowledgment-required': '1',
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  }
}
