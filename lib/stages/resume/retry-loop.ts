import { setImmediate as nextTurn } from 'node:timers/promises'
import pRetry, { type RetryContext } from 'p-retry'
import { type Clock, sleep } from '../../clock.ts'
import { GetMediaError } from '../../errors.ts'
import { type RetryPolicy, retryDelayMs } from './backoff.ts'
import type { RetryEvent } from './notices.ts'
import { classifyFailure } from './retryable.ts'
import { toError } from './to-error.ts'

/** What became of one session. */
export type SessionResult = {
  /** `null` where it ended in the ordinary way. */
  readonly failure: Error | null
  /** Whether the reader got something that it did not have. */
  readonly isNew: boolean
  /** Where it ended: inside a fragment, with one still open from an earlier session, or with nothing open. */
  readonly endedIn: 'fragment' | 'open' | 'nothing'
  readonly lastedMs: number
}

export type RetryLoopOptions = {
  readonly policy: RetryPolicy
  readonly untilCaughtUp: boolean
  readonly clock: Clock
  readonly random: () => number
  /** Ends everything. */
  readonly signal: AbortSignal
  /** Runs one session; never rejects but for the signal. */
  readonly runSession: () => Promise<SessionResult>
  /** The service refuses the last start; false when there is no other. */
  readonly refuseStart: (error: Error) => boolean
  readonly tell: (event: RetryEvent) => void
}

/** Repeats sessions: says when the next one follows, and when none does. */
export class RetryLoop {
  readonly #options: RetryLoopOptions
  #refreshes = 0
  /** Sessions in a row that ended in the ordinary way and brought nothing. */
  #quietSessions = 0

  constructor(options: RetryLoopOptions) {
    this.#options = options
  }

  /** Resolves when it is caught up; rejects with the error that is for good. Each round is a run of failures. */
  async run(): Promise<void> {
    while ((await this.#round()) !== 'caught-up') {}
  }

  async #round(): Promise<Outcome> {
    const failures: Error[] = []
    try {
      return await pRetry(() => this.#attempt(), {
        retries: this.#options.policy.retries,
        minTimeout: 0,
        signal: this.#options.signal,
        onFailedAttempt: ({ error }) => {
          failures.push(error)
          if (failures.length > MAX_KEPT_FAILURES) failures.shift()
        },
        // The wait is here: p-retry's own jitter is not full.
        shouldRetry: context => this.#mayRetry(context),
      })
    } catch (error) {
      throw this.#options.signal.aborted ? error : withAttempts(toError(error), failures)
    }
  }

  /** One session. Resolves when it brought something new, or ended in the ordinary way; else throws what ended it. */
  async #attempt(): Promise<Outcome> {
    const { policy, random, runSession } = this.#options
    const result = await runSession()
    const { failure, isNew } = result
    if (isNew) {
      this.#refreshes = 0
      this.#quietSessions = 0
    }
    if (failure === null || isSilence(result)) return await this.#ordinaryEnd(result)
    if (!isNew || classifyFailure(failure) === 'fatal') throw failure
    const delayMs = retryDelayMs(1, policy, random)
    await this.#pause({ error: failure, delayMs, failures: 0, retriesLeft: policy.retries })
    return 'go-on'
  }

  /** Three-second ends and 45-minute sessions: no failure, and no limit on their number. */
  async #ordinaryEnd({ failure, isNew, endedIn, lastedMs }: SessionResult): Promise<Outcome> {
    const { policy, random, untilCaughtUp } = this.#options
    this.#refreshes = 0
    if (!isNew) {
      this.#quietSessions++
      const isCertain = failure === null && endedIn === 'nothing'
      if (untilCaughtUp && (isCertain || this.#quietSessions >= QUIET_SESSIONS_IF_UNCERTAIN))
        return 'caught-up'
    }
    // A session that waited for media has paced itself; one that ends at once must not be repeated at once for ever.
    const isPaced = isNew || lastedMs >= PACED_SESSION_MS
    const delayMs = isPaced ? 0 : retryDelayMs(this.#quietSessions, policy, random)
    await this.#pause({ error: failure, delayMs, failures: 0, retriesLeft: policy.retries })
    return 'go-on'
  }

  /** Called by p-retry after a session that failed and brought nothing. */
  async #mayRetry({ error, attemptNumber, retriesLeft }: RetryContext): Promise<boolean> {
    const { policy, random, refuseStart, signal } = this.#options
    const kind = classifyFailure(error)
    if (signal.aborted || kind === 'fatal') return false
    if (kind === 'refused-start' && !refuseStart(error)) return false
    this.#refreshes = kind === 'refresh' ? this.#refreshes + 1 : 0
    if (this.#refreshes > MAX_REFRESHES) return false
    const delayMs = retryDelayMs(attemptNumber, policy, random)
    await this.#pause({ error, delayMs, failures: attemptNumber, retriesLeft: retriesLeft - 1 })
    return true
  }

  async #pause(event: RetryEvent): Promise<void> {
    const { clock, signal, tell } = this.#options
    tell(event)
    if (event.delayMs > 0) await sleep(event.delayMs, clock, signal)
    // Sessions that end without any input or output would else keep every timer and socket of the process waiting.
    else await nextTurn()
    signal.throwIfAborted()
  }
}

type Outcome = 'caught-up' | 'go-on'

/** An idle session of the service lasts three seconds. */
const PACED_SESSION_MS = 1000
/** A body that falls silent, or a fragment that was begun and is not sent any more, may be a fault that passes. */
const QUIET_SESSIONS_IF_UNCERTAIN = 3
/** Fresh credentials or a fresh endpoint that do not help a third time will not help. */
const MAX_REFRESHES = 3
/** With retries without end, errors must not gather without end. */
const MAX_KEPT_FAILURES = 100

/** A body that fell silent between two fragments: the service had nothing, and did not end the body as it should. */
function isSilence({ failure, isNew, endedIn }: SessionResult): boolean {
  if (isNew || endedIn === 'fragment' || !GetMediaError.is(failure)) return false
  return failure.code === 'ERR_IDLE_TIMEOUT'
}

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
