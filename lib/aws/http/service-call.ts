import type { Readable } from 'node:stream'
import { AbortError } from '../../core/errors.ts'
import type { Credentials } from '../auth/credentials.ts'
import { signRequest } from '../auth/signing.ts'
import type { CallTicket } from '../limits/call-rate.ts'
import type { CallSettings } from '../operations/call-settings.ts'
import { TimeoutError } from './connection-error.ts'
import { type HttpAnswer, post } from './http.ts'
import { readShortBody, type ShortBody } from './http-body.ts'
import { serviceErrorOf } from './service-answer.ts'

/** One request, whatever the operation. */
export type ServiceCall = {
  readonly endpoint: string
  /** As the API has it: `GetMedia`. */
  readonly operation: string
  /** Beside those of every request; they are signed. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; or a stream of bytes, which is sent as it flows, and not signed. */
  readonly body: object | Readable
}

/** An error's body is read up to here; real ones are some hundred bytes. */
const MAX_ANSWER_BYTES = 64 * 1024

/** Signs and sends; an answer that is no success becomes its error. Resolves at the answer's head. */
export async function sendCall(
  settings: CallSettings,
  credentials: Credentials,
  call: ServiceCall,
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
export async function readAnswer(
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
