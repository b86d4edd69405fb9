import pRetry, { type RetryContext } from 'p-retry'
import { Readable } from 'readable-stream'
import { checkStartSelector, type StartSelector } from '../aws/start-selector.ts'
import { type Clock, sleep, systemClock } from '../clock.ts'
import { AbortError, GetMediaError, MkvTruncatedError } from '../errors.ts'
import { choiceOption, functionOption } from '../options.ts'
import type { FragmentEvent, Gap } from './events.ts'
import { PayloadError } from './payload-error.ts'
import { type RetryOptions, type RetryPolicy, retryDelayMs, retryPolicy } from './resume/backoff.ts'
import { EventReader, type FragmentSource } from './resume/event-reader.ts'
import { IncompleteFragmentError } from './resume/incomplete-fragment-error.ts'
import { resumeSelectors } from './resume/resume-selectors.ts'
import { classifyFailure } from './resume/retryable.ts'
import { Seam } from './resume/seam.ts'

export type RetryingResumerOptions = {
  /** Where the first session starts. */
  readonly startSelector: StartSelector
  /**
   * Makes one attempt: a stream, or an async iterable, of `FragmentEvent`s from that start. It is destroyed, and
   * `signal` fires, when it is not wanted any more. It may throw or reject.
   */
  readonly attempt: (
    startSelector: StartSelector,
    context: AttemptContext,
  ) => FragmentSource | Promise<FragmentSource>
  /** `caught-up`: ends when a session from the last token brings nothing. `forever`: goes on waiting. @default 'forever' */
  readonly until?: 'caught-up' | 'forever'
  readonly retry?: RetryOptions
  /** Ends the stream with an `AbortError` when it fires. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** From 0 to 1; for jitter. */
  readonly random?: () => number
}

export type AttemptContext = { readonly signal: AbortSignal }

/** `attempt`: a session is about to start. */
export type AttemptEvent = {
  /** 1 for the first, over the stream's whole life. */
  readonly session: number
  readonly startSelector: StartSelector
}

/** `retry`: a session is over, and another follows. */
export type RetryEvent = {
  /** Why it is over; `null` where it ended in the ordinary way. */
  readonly error: Error | null
  readonly delayMs: number
  /** Failures in a row, and how many more may follow. */
  readonly failures: number
  readonly retriesLeft: number
}

/** `resumed`: the first event of a later session that the reader did not have yet. */
export type ResumedEvent = {
  readonly session: number
  readonly startSelector: StartSelector
  /** Frames that came again and were left out. */
  readonly framesLeftOut: number
}

/**
 * Joins sessions into one stream of `FragmentEvent`s that does not break: each frame once, and in order.
 * A lost connection, a cut, a silent body, a clean end, an error tag and a throttle are alike to its reader.
 * An error that no retry can mend, or too many failures in a row, ends it: the last error, with all of them as an
 * `AggregateError` in its `cause`.
 *
 * Emits `attempt`, `retry`, `resumed` and `gap` besides. See docs/resume.md for what exactly it promises.
 */
export class RetryingResumer extends Readable {
  readonly #options: RetryingResumerOptions
  readonly #policy: RetryPolicy
  readonly #clock: Clock
  readonly #random: () => number
  readonly #untilCaughtUp: boolean
  readonly #seam: Seam
  readonly #abort = new AbortController()
  #reader: EventReader | undefined
  #running = false
  #wanted: (() => void) | undefined
  #session = 0
  /** Which of the places to start from is tried. */
  #candidate = 0
  #refreshes = 0
  /** Sessions in a row that ended in the ordinary way and brought nothing. */
  #quietSessions = 0

  constructor(options: RetryingResumerOptions) {
    super({ objectMode: true, highWaterMark: 8 })
    functionOption('attempt', options.attempt)
    checkStartSelector(options.startSelector)
    this.#untilCaughtUp =
      choiceOption('until', options.until, 'forever', ['forever', 'caught-up']) === 'caught-up'
    this.#policy = retryPolicy(options.retry)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    const { startSelector } = options
    this.#seam = new Seam(startSelector.type === 'FROM_FRAGMENT' ? startSelector.fragmentNumber : null)
    this.#followSignal(options.signal)
  }

  declare [Symbol.asyncIterator]: () => NodeJS.AsyncIterator<FragmentEvent>

  override _read(): void {
    if (!this.#running) {
      this.#running = true
      this.#run().then(
        () => this.push(null),
        (error: Error) => this.destroy(error),
      )
    }
    const wanted = this.#wanted
    this.#wanted = undefined
    wanted?.()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#abort.abort(error ?? new AbortError('the stream'))
    this.#reader?.close()
    this.#wanted?.()
    callback(error)
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = () => this.destroy(new AbortError('GetMedia', signal.reason))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: this.#abort.signal })
  }

  /** Each round is a run of failures that ends in progress, in an ordinary end, or for good. */
  async #run(): Promise<void> {
    for (;;) {
      const failures: Error[] = []
      const outcome = await pRetry(() => this.#attempt(), {
        retries: this.#policy.retries,
        minTimeout: 0,
        signal: this.#abort.signal,
        onFailedAttempt: ({ error }) => {
          failures.push(error)
        },
        // The wait is here: p-retry's own jitter is not full.
        shouldRetry: context => this.#mayRetry(context),
      }).catch((error: Error) => {
        throw withAttempts(error, failures)
      })
      if (outcome === 'caught-up') return
    }
  }

  /** One session. Resolves when it brought something new, or ended in the ordinary way; else throws what ended it. */
  async #attempt(): Promise<'caught-up' | 'go-on'> {
    await this.#room()
    const { failure, isNew, lastedMs } = await this.#runSession()
    if (isNew) this.#countAfresh()
    if (failure === null || (!isNew && this.#isSilence(failure)))
      return this.#ordinaryEnd(failure, isNew, lastedMs)
    if (!isNew || classifyFailure(failure) === 'fatal') throw failure
    await this.#pause(failure, 1, this.#policy.retries, retryDelayMs(1, this.#policy, this.#random))
    return 'go-on'
  }

  async #runSession(): Promise<SessionResult> {
    const startedAt = this.#clock.now()
    const selectors = this.#selectors()
    const startSelector = selectors[Math.min(this.#candidate, selectors.length - 1)]!
    const isExact = startSelector.type === 'CONTINUATION_TOKEN' || startSelector.type === 'FRAGMENT_NUMBER'
    this.#seam.beginSession(isExact)
    this.#session++
    this.emit('attempt', { session: this.#session, startSelector } satisfies AttemptEvent)
    const result = { failure: null as Error | null, isNew: false, lastedMs: 0 }
    try {
      await this.#consume(startSelector, result)
    } catch (error) {
      if (this.destroyed) throw error
      result.failure = error as Error
    } finally {
      this.#reader?.close()
      this.#reader = undefined
    }
    result.lastedMs = this.#clock.now() - startedAt
    return result
  }

  async #consume(startSelector: StartSelector, result: { isNew: boolean }): Promise<void> {
    const { signal } = this.#abort
    const reader = new EventReader(await this.#options.attempt(startSelector, { signal }))
    this.#reader = reader
    while (!reader.ended) {
      const event = reader.next()
      if (event === undefined) await reader.changed()
      else if (!this.#deliver(event, startSelector, result)) await this.#room()
      signal.throwIfAborted()
    }
    if (this.#seam.isIncomplete)
      throw new IncompleteFragmentError(this.#seam.partial?.start.fragmentNumber ?? null)
  }

  /** Gives the reader what it does not have yet. False when it wants no more for now. */
  #deliver(event: FragmentEvent, startSelector: StartSelector, result: { isNew: boolean }): boolean {
    if (event.type === 'truncated') {
      const fragmentNumber = event.fragmentNumber ?? undefined
      throw new MkvTruncatedError(event.byteOffset, event.elementPath, { fragmentNumber })
    }
    let hasRoom = true
    for (const output of this.#seam.take(event)) {
      if (!result.isNew && this.#session > 1) this.#tellResumed(startSelector)
      result.isNew = true
      if (output.type === 'gap') this.emit('gap', output satisfies Gap)
      hasRoom = this.push(output)
    }
    return hasRoom
  }

  #tellResumed(startSelector: StartSelector): void {
    const { framesLeftOut } = this.#seam
    this.emit('resumed', { session: this.#session, startSelector, framesLeftOut } satisfies ResumedEvent)
  }

  #selectors(): readonly StartSelector[] {
    return resumeSelectors(this.#options.startSelector, this.#seam.whole, this.#seam.partial)
  }

  #countAfresh(): void {
    this.#candidate = 0
    this.#refreshes = 0
    this.#quietSessions = 0
  }

  /** A body that fell silent between two fragments: the service had nothing, and did not end the body as it should. */
  #isSilence(failure: Error): boolean {
    return (
      this.#seam.partial === undefined && GetMediaError.is(failure) && failure.code === 'ERR_IDLE_TIMEOUT'
    )
  }

  /** Three-second ends and 45-minute sessions: no failure, and no limit on their number. */
  async #ordinaryEnd(
    failure: Error | null,
    isNew: boolean,
    lastedMs: number,
  ): Promise<'caught-up' | 'go-on'> {
    if (!isNew) this.#quietSessions++
    const isCaughtUp = !isNew && (failure === null || this.#quietSessions >= SILENT_SESSIONS_FOR_CAUGHT_UP)
    if (this.#untilCaughtUp && isCaughtUp) return 'caught-up'
    // A session that waited for media has paced itself; one that ends at once must not be repeated at once for ever.
    const isPaced = isNew || lastedMs >= PACED_SESSION_MS
    const delayMs = isPaced ? 0 : retryDelayMs(this.#quietSessions, this.#policy, this.#random)
    await this.#pause(failure, 0, this.#policy.retries, delayMs)
    return 'go-on'
  }

  /** Called by p-retry after a session that failed and brought nothing. */
  async #mayRetry({ error, attemptNumber, retriesLeft }: RetryContext): Promise<boolean> {
    const kind = classifyFailure(error)
    if (kind === 'fatal' || this.destroyed) return false
    if (kind === 'refused-start' && !this.#tryNextStart(error)) return false
    this.#refreshes = kind === 'refresh' ? this.#refreshes + 1 : 0
    if (this.#refreshes > MAX_REFRESHES) return false
    await this.#pause(
      error,
      attemptNumber,
      retriesLeft - 1,
      retryDelayMs(attemptNumber, this.#policy, this.#random),
    )
    return true
  }

  /** False when there is no other place to start from: the caller's own is refused, or nothing but that can be asked. */
  #tryNextStart(error: Error): boolean {
    const selectors = this.#selectors()
    const isLast = this.#candidate + 1 >= selectors.length
    this.#candidate = isLast ? 0 : this.#candidate + 1
    if (!isLast) return true
    // Every stream has an oldest and a newest fragment: "not found" passes there, and a refused request does not.
    const isOpenStart = ['EARLIEST', 'NOW'].includes(selectors.at(-1)!.type)
    return isOpenStart && error instanceof PayloadError
  }

  async #pause(error: Error | null, failures: number, retriesLeft: number, delayMs: number): Promise<void> {
    this.emit('retry', { error, delayMs, failures, retriesLeft } satisfies RetryEvent)
    if (delayMs > 0) await sleep(delayMs, this.#clock, this.#abort.signal)
  }

  /** Resolves when the reader wants more; at once where it does. */
  async #room(): Promise<void> {
    if (this.readableLength < this.readableHighWaterMark) return
    await new Promise<void>(resolve => {
      this.#wanted = resolve
    })
    this.#abort.signal.throwIfAborted()
  }
}

type SessionResult = {
  readonly failure: Error | null
  /** Whether the reader got something that it did not have. */
  readonly isNew: boolean
  readonly lastedMs: number
}

/** An idle session of the service lasts three seconds. */
const PACED_SESSION_MS = 1000
const SILENT_SESSIONS_FOR_CAUGHT_UP = 3
/** Fresh credentials or a fresh endpoint that do not help a third time will not help. */
const MAX_REFRESHES = 3

function withAttempts(error: Error, failures: readonly Error[]): Error {
  if (failures.length < 2) return error
  const attempts = new AggregateError(failures, `${failures.length} attempts failed`, { cause: error.cause })
  Object.defineProperty(error, 'cause', { value: attempts, configurable: true, writable: true })
  return error
}
