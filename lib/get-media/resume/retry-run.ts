import { setImmediate as nextTurn } from 'node:timers/promises'
import pRetry, { type RetryContext } from 'p-retry'
import { type Clock, sleep } from '../../core/clock.ts'
import { type RetryPolicy, retryDelayMs } from '../../retry/backoff.ts'
import { toError } from '../../retry/to-error.ts'
import type { RetryEvent } from './notices.ts'
import { classifyFailure } from './retryable.ts'

/** How attempts are repeated, whatever they attempt. */
export type RetryTerms = {
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** From 0 to 1; for jitter. */
  readonly random: () => number
  /** Ends everything. */
  readonly signal: AbortSignal
  /** The service refuses what was asked for; false when there is nothing else to ask for. */
  readonly refuseStart: (error: Error) => boolean
  readonly tell: (event: RetryEvent) => void
}

/**
 * A run of failures in a row: repeats the attempt until one resolves. An attempt that brought something new resolves
 * too, whatever ended it, so that the next run counts afresh; see `pauseAfterNews`. Rejects with the last error, the
 * others in its `cause`, when no retry can mend it or all are used up.
 */
export async function retryRun<T>(attempt: () => Promise<T>, terms: RetryTerms): Promise<T> {
  const failures: Error[] = []
  let refreshes = 0
  const mayRetry = async ({ error, attemptNumber, retriesLeft }: RetryContext): Promise<boolean> => {
    const kind = classifyFailure(error)
    if (terms.signal.aborted || kind === 'fatal') return false
    if (kind === 'refused-start' && !terms.refuseStart(error)) return false
    refreshes = kind === 'refresh' ? refreshes + 1 : 0
    if (refreshes > MAX_REFRESHES) return false
    const delayMs = retryDelayMs(attemptNumber, terms.policy, terms.random)
    await pause({ error, delayMs, failures: attemptNumber, retriesLeft: retriesLeft - 1 }, terms)
    return true
  }
  try {
    return await pRetry(attempt, {
      retries: terms.policy.retries,
      minTimeout: 0,
      signal: terms.signal,
      onFailedAttempt: ({ error }) => {
        failures.push(error)
        if (failures.length > MAX_KEPT_FAILURES) failures.shift()
      },
      // The wait is in there: p-retry's own jitter is not full.
      shouldRetry: mayRetry,
    })
  } catch (error) {
    throw terms.signal.aborted ? error : withAttempts(toError(error), failures)
  }
}

/** After an attempt that brought something new and then failed: the first back-off. Throws what no retry can mend. */
export async function pauseAfterNews(failure: Error, terms: RetryTerms): Promise<void> {
  if (classifyFailure(failure) === 'fatal') throw failure
  const { policy, random } = terms
  const delayMs = retryDelayMs(1, policy, random)
  await pause({ error: failure, delayMs, failures: 0, retriesLeft: policy.retries }, terms)
}

/** Tells of a retry and waits for it. Rejects when the signal fires. */
export async function pause(
  event: RetryEvent,
  { clock, signal, tell }: Pick<RetryTerms, 'clock' | 'signal' | 'tell'>,
): Promise<void> {
  tell(event)
  if (event.delayMs > 0) await sleep(event.delayMs, clock, signal)
  // Attempts that end without any input or output would else keep every timer and socket of the process waiting.
  else await nextTurn()
  signal.throwIfAborted()
}

/** Fresh credentials or a fresh endpoint that do not help a third time will not help. */
const MAX_REFRESHES = 3
/** With retries without end, errors must not gather without end. */
const MAX_KEPT_FAILURES = 100

/** The last error, with all of them in its `cause`; what was its cause before is the cause of those. */
function withAttempts(error: Error, failures: readonly Error[]): Error {
  if (failures.length < 2 || !Object.isExtensible(error)) return error
  const attempts = new AggregateError(failures, `${failures.length} attempts failed`, { cause: error.cause })
  Object.defineProperty(error, 'cause', {
    value: attempts,
    configurable: true,
    writable: true,
    enumerable: false,
  })
  return error
}
