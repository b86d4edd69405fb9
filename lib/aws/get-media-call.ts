import { AbortError } from '../errors.ts'
import { processGate } from './call-gate.ts'
import type { CallTicket } from './call-rate.ts'
import type { CallSettings } from './call-settings.ts'
import { ConnectionError, TimeoutError } from './connection-error.ts'
import type { Credentials } from './credentials.ts'
import { dataEndpoints, endpointOfAnswer } from './data-endpoint.ts'
import { type HttpAnswer, post } from './http.ts'
import { type HttpBody, readShortBody, type ShortBody } from './http-body.ts'
import { requestIdOf, serviceErrorOf } from './service-answer.ts'
import { ServiceError } from './service-error.ts'
import { signRequest } from './signing.ts'
import { type StartSelector, toWireSelector } from './start-selector.ts'
import { toWireStreamId } from './stream-id.ts'
import { throwIfAborted } from './wait-line.ts'

/** The head of a session's answer. */
export type GetMediaResponse = {
  /** The media's type: the service says `video/webm`. `undefined` where the answer has none. */
  readonly contentType: string | undefined
  /** For AWS support. */
  readonly requestId: string | undefined
  readonly statusCode: number
}

export type OpenSession = {
  readonly response: GetMediaResponse
  readonly body: HttpBody
  /** Forgets the endpoint: to be called when the body's connection breaks. */
  readonly dropEndpoint: () => void
}

/** An error's body is read up to here; real ones are some hundred bytes. */
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Calls GetMedia: credentials, the data endpoint, a place among the calls of this second, and the request. The
 * caller holds a session's place (`CallGate.holdSession`). Resolves at the answer's head with the body paused;
 * rejects with one of the package's errors. What a failure tells about endpoint and credentials is remembered for
 * the next call.
 */
export async function callGetMedia(
  settings: CallSettings,
  selector: StartSelector,
  signal: AbortSignal,
): Promise<OpenSession> {
  const credentials = await settings.credentials.get()
  throwIfAborted('GetMedia', signal)
  const endpointKey = endpointKeyOf(settings, credentials)
  const endpoint =
    settings.endpoint ??
    (await dataEndpoints.get(endpointKey, settings.clock, signal, flightSignal =>
      askDataEndpoint(settings, credentials, flightSignal),
    ))
  const dropEndpoint = () => dataEndpoints.invalidate(endpointKey, endpoint)
  try {
    const body = { ...toWireStreamId(settings.streamId), StartSelector: toWireSelector(selector) }
    const ticket = await processGate().takeGetMediaCall(settings.key, { signal })
    const answer = await send(
      settings,
      credentials,
      { endpoint, operation: 'GetMedia', body },
      ticket,
      signal,
    )
    return { response: responseOf(answer), body: answer.body, dropEndpoint }
  } catch (error) {
    if (endpointMayBeStale(error)) dropEndpoint()
    throw error
  }
}

async function askDataEndpoint(
  settings: CallSettings,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<string> {
  const call = {
    endpoint: settings.controlEndpoint,
    operation: 'GetDataEndpoint',
    body: { ...toWireStreamId(settings.streamId), APIName: 'GET_MEDIA' },
  }
  const ticket = await processGate().takeGetDataEndpointCall(settings.key, { signal })
  const answer = await send(settings, credentials, call, ticket, signal)
  const { text, error } = await readAnswer(settings, answer, signal)
  if (error !== undefined) throw error
  return endpointOfAnswer(text, requestIdOf(answer.headers))
}

type Call = { readonly endpoint: string; readonly operation: string; readonly body: object }

/** Signs and sends; an answer that is no success becomes its error. */
async function send(
  settings: CallSettings,
  credentials: Credentials,
  call: Call,
  ticket: CallTicket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { region, clock, connectTimeoutMs, responseTimeoutMs } = settings
  const request = signRequest({
    ...call,
    // The API's operations are called by their names with a small first letter.
    operation: call.operation.charAt(0).toLowerCase() + call.operation.slice(1),
    region,
    credentials,
    wallClockMs: clock.wallClockMs(),
  })
  let answer: HttpAnswer
  try {
    const { operation } = call
    answer = await post(request, { operation, connectTimeoutMs, responseTimeoutMs, clock, signal })
  } finally {
    ticket.answered()
  }
  const { statusCode, headers } = answer
  if (statusCode >= 200 && statusCode < 300) return answer
  if (statusCode === 401 || statusCode === 403) settings.credentials.refuse()
  const { text: body } = await readAnswer(settings, answer, signal)
  const error = serviceErrorOf({ operation: call.operation, statusCode, headers, body })
  if (error.refreshable && error.code !== 'ERR_INVALID_ENDPOINT') settings.credentials.refuse()
  throw error
}

/** A short body, as far as it comes within the limit for the answer. */
async function readAnswer(
  settings: CallSettings,
  answer: HttpAnswer,
  signal: AbortSignal,
): Promise<ShortBody> {
  const { clock, responseTimeoutMs } = settings
  const { whole, stop } = readShortBody(answer.body, MAX_ANSWER_BYTES)
  const cancelTimer = clock.after(responseTimeoutMs, () => {
    const message = `the body of an answer was not whole after ${responseTimeoutMs} ms; call again`
    stop(new TimeoutError('ERR_RESPONSE_TIMEOUT', message, responseTimeoutMs))
  })
  const onAbort = () => stop(new AbortError('reading an answer', signal.reason))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await whole
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', onAbort)
  }
}

/** The API's advice and the quotas page: ask again when the endpoint, the token or the connection fails. */
function endpointMayBeStale(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return true
  if (!(error instanceof ServiceError)) return false
  return error.refreshable || error.statusCode === 401 || error.statusCode === 403
}

/** The access key is no secret; other credentials may reach another account, and so another stream. */
function endpointKeyOf(
  { controlEndpoint, region, key, streamId }: CallSettings,
  credentials: Credentials,
): string {
  return [controlEndpoint, region, streamId.streamARN ?? key.stream, credentials.accessKeyId].join(' ')
}

function responseOf({ statusCode, headers }: HttpAnswer): GetMediaResponse {
  const contentType = headers['content-type']
  return {
    contentType: typeof contentType === 'string' ? contentType : undefined,
    requestId: requestIdOf(headers),
    statusCode,
  }
}
