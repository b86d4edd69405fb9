import { GetMediaError } from '../../core/errors.ts'
import type { WaitingEvent, WaitingReason } from './waiting-event.ts'

/**
 * A call waited for `admissionTimeoutMs` in this process's queues; nothing was sent meanwhile. Calling again may help,
 * but `RetryingResumer` and `PutMediaSink` do not: the limit for waiting is the caller's.
 */
export class AdmissionTimeoutError extends GetMediaError {
  readonly code = 'ERR_ADMISSION_TIMEOUT'
  readonly reason: WaitingReason
  /** In the queue, at the end of the wait. */
  readonly position: number
  readonly limit: number
  readonly timeoutMs: number

  constructor({ reason, position, limit, message }: WaitingEvent, timeoutMs: number) {
    super(
      `not admitted within ${timeoutMs} ms: ${message}. ${HINTS[reason]}, or raise \`admissionTimeoutMs\`.`,
      {
        retryable: true,
      },
    )
    this.reason = reason
    this.position = position
    this.limit = limit
    this.timeoutMs = timeoutMs
  }
}

const HINTS: Readonly<Record<WaitingReason, string>> = {
  'session-limit': 'Destroy a stream that is not needed, share one session among its consumers',
  'get-media-rate': 'Open sessions less often',
  'put-media-rate': 'Open sessions less often',
  'get-data-endpoint-rate': 'Open sessions less often, give `endpoint`',
}

/** Whether a call was given up in a queue, by any copy of this package. */
export function isAdmissionTimeout(error: unknown): boolean {
  return GetMediaError.is(error) && error.code === 'ERR_ADMISSION_TIMEOUT'
}
