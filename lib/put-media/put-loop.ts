import { GetMediaError } from '../core/errors.ts'
import { pause, pauseAfterNews, type RetryTerms, retryRun } from '../get-media/resume/retry-run.ts'
import type { OutgoingFragment } from './outgoing-fragment.ts'
import type { PutSessionResult } from './put-session.ts'
import type { UnacknowledgedWindow } from './unacknowledged-window.ts'

export type PutLoopOptions = Omit<RetryTerms, 'refuseStart'> & {
  readonly window: UnacknowledgedWindow
  /** Runs one session that begins with this fragment; rejects only when the signal fires. */
  readonly runSession: (first: OutgoingFragment) => Promise<PutSessionResult>
}

/** Repeats sessions while there is something to send: at once after an ordinary end, by the retry's terms after a failure. */
export class PutLoop {
  readonly #options: PutLoopOptions
  readonly #terms: RetryTerms

  constructor(options: PutLoopOptions) {
    this.#options = options
    // What the service refuses would be refused again: there is no second way to put the same media.
    this.#terms = { ...options, refuseStart: () => false }
  }

  /** Resolves when the producer has ended and all is acknowledged; rejects with the error that is for good. */
  async run(): Promise<void> {
    while (await this.#hasWork()) await retryRun(() => this.#attempt(), this.#terms)
  }

  async #hasWork(): Promise<boolean> {
    const { window, signal } = this.#options
    while (window.first === undefined) {
      if (window.isEnded) return false
      await window.changed()
      signal.throwIfAborted()
    }
    return true
  }

  /** One session. Resolves when it brought something new, or ended in the ordinary way; else throws what ended it. */
  async #attempt(): Promise<void> {
    const { window, runSession } = this.#options
    const { first } = window
    if (first === undefined) return
    const { failure, isNew, idleSince } = await runSession(first)
    if (failure === null) await this.#nextAddition(idleSince)
    else if (!isNew) throw failure
    else if (isRollover(failure)) await this.#rollOver(failure)
    else await pauseAfterNews(failure, this.#terms)
  }

  /** A producer that pauses must not cost a session every 30 seconds. */
  async #nextAddition(idleSince: number | undefined): Promise<void> {
    const { window, signal } = this.#options
    while (window.additions === idleSince) {
      await window.changed()
      signal.throwIfAborted()
    }
  }

  async #rollOver(error: Error): Promise<void> {
    const { retries } = this.#options.policy
    await pause({ error, delayMs: 0, failures: 0, retriesLeft: retries }, this.#options)
  }
}

/** The service ends a session that has lasted as long as one may; it is no fault of anybody's. */
function isRollover(error: Error): boolean {
  return GetMediaError.is(error) && error.code === 'ERR_PUT_MAX_CONNECTION_DURATION_REACHED'
}
