import { GetMediaError } from '../../core/errors.ts'
import { retryDelayMs } from '../../retry/backoff.ts'
import { pause, pauseAfterNews, type RetryTerms, retryRun } from './retry-run.ts'

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

export type RetryLoopOptions = RetryTerms & {
  readonly untilCaughtUp: boolean
  /** Runs one session; never rejects but for the signal. */
  readonly runSession: () => Promise<SessionResult>
}

/** Repeats sessions: says when the next one follows, and when none does. */
export class RetryLoop {
  readonly #options: RetryLoopOptions
  /** Sessions in a row that ended in the ordinary way and brought nothing. */
  #quietSessions = 0

  constructor(options: RetryLoopOptions) {
    this.#options = options
  }

  /** Resolves when it is caught up; rejects with the error that is for good. Each round is a run of failures. */
  async run(): Promise<void> {
    while ((await retryRun(() => this.#attempt(), this.#options)) !== 'caught-up') {}
  }

  /** One session. Resolves when it brought something new, or ended in the ordinary way; else throws what ended it. */
  async #attempt(): Promise<Outcome> {
    const result = await this.#options.runSession()
    const { failure, isNew } = result
    if (isNew) this.#quietSessions = 0
    if (failure === null || isSilence(result)) return await this.#ordinaryEnd(result)
    if (!isNew) throw failure
    await pauseAfterNews(failure, this.#options)
    return 'go-on'
  }

  /** Three-second ends and 45-minute sessions: no failure, and no limit on their number. */
  async #ordinaryEnd({ failure, isNew, endedIn, lastedMs }: SessionResult): Promise<Outcome> {
    const { policy, random, untilCaughtUp } = this.#options
    if (!isNew) {
      this.#quietSessions++
      const isCertain = failure === null && endedIn === 'nothing'
      if (untilCaughtUp && (isCertain || this.#quietSessions >= QUIET_SESSIONS_IF_UNCERTAIN))
        return 'caught-up'
    }
    // A session that waited for media has paced itself; one that ends at once must not be repeated at once for ever.
    const isPaced = isNew || lastedMs >= PACED_SESSION_MS
    const delayMs = isPaced ? 0 : retryDelayMs(this.#quietSessions, policy, random)
    await pause({ error: failure, delayMs, failures: 0, retriesLeft: policy.retries }, this.#options)
    return 'go-on'
  }
}

type Outcome = 'caught-up' | 'go-on'

/** An idle session of the service lasts three seconds. */
const PACED_SESSION_MS = 1000
/** A body that falls silent, or a fragment that was begun and is not sent any more, may be a fault that passes. */
const QUIET_SESSIONS_IF_UNCERTAIN = 3

/** A body that fell silent between two fragments: the service had nothing, and did not end the body as it should. */
function isSilence({ failure, isNew, endedIn }: SessionResult): boolean {
  if (isNew || endedIn === 'fragment' || !GetMediaError.is(failure)) return false
  return failure.code === 'ERR_IDLE_TIMEOUT'
}
