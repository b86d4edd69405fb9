import { Readable } from 'readable-stream'
import { isAdmissionTimeout } from '../aws/limits/admission-timeout-error.ts'
import { checkStartSelector, type StartSelector } from '../aws/operations/start-selector.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { AbortError, MkvTruncatedError } from '../core/errors.ts'
import {
  booleanOption,
  choiceOption,
  functionOption,
  knownOptions,
  optionNames,
  signalOption,
} from '../core/options.ts'
import { type RetryOptions, retryPolicy } from '../retry/backoff.ts'
import { toError } from '../retry/to-error.ts'
import { wrongFragmentEvent } from '../streams/check-input.ts'
import { LateFailure } from '../streams/late-failure.ts'
import { ShortWay } from '../streams/short-way.ts'
import type { FragmentEvent } from './events.ts'
import { IncompleteFragmentError } from './resume/incomplete-fragment-error.ts'
import type { Attempt, AttemptContext, AttemptEvent, ResumedEvent, RetryEvent } from './resume/notices.ts'
import { RetryLoop, type SessionResult } from './resume/retry-loop.ts'
import { Seam } from './resume/seam.ts'
import { Session } from './resume/session.ts'
import { StartPlan } from './resume/start-plan.ts'

export type { AttemptContext, AttemptEvent, ResumedEvent, RetryEvent }

export type RetryingResumerOptions = {
  /** Where the first session starts. */
  readonly startSelector: StartSelector
  /**
   * Makes one attempt: a stream, or an async iterable, of `FragmentEvent`s from that start. It is destroyed, and
   * `signal` fires, when it is not wanted any more. It may throw or reject.
   */
  readonly attempt: Attempt
  /**
   * Whether `attempt` calls `context.onAdmitted()` when its session has passed every queue: the event `attempt` comes then,
   * and not before `attempt` is called. @default false
   */
  readonly reportsAdmission?: boolean
  /** `caught-up`: ends when a session from the last token brings nothing. `forever`: goes on waiting. @default 'forever' */
  readonly until?: 'caught-up' | 'forever'
  readonly retry?: RetryOptions
  /** Ends the stream with an `AbortError` when it fires. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** From 0 to 1; for jitter. */
  readonly random?: () => number
}

const OPTIONS = optionNames<RetryingResumerOptions>({
  ...{ startSelector: true, attempt: true, reportsAdmission: true, until: true, retry: true },
  ...{ signal: true, clock: true, random: true },
})

/**
 * Joins sessions into one stream of `FragmentEvent`s that does not break: each frame once, and in order.
 * A lost connection, a cut, a silent body, a clean end, an error tag and a throttle are alike to its reader.
 * An error that no retry can mend, or too many failures in a row, ends it once all before is read: the last error,
 * with those of the run as an `AggregateError` in its `cause`.
 *
 * Emits `waiting`, `attempt`, `retry`, `resumed` and `gap` besides. See docs/resume.md for what exactly it promises.
 */
export class RetryingResumer extends Readable {
  readonly #attempt: Attempt
  readonly #reportsAdmission: boolean
  readonly #clock: Clock
  readonly #seam: Seam
  readonly #plan: StartPlan
  readonly #loop: RetryLoop
  readonly #abort = new AbortController()
  readonly #late: LateFailure = new LateFailure(this)
  readonly #short = new ShortWay(this)
  #isRunning = false
  #sessions = 0
  #session: Session | undefined
  /** Emits the present session's `attempt`; `undefined` once that is done. */
  #announce: (() => void) | undefined
  /** Whether the present session brought something that the reader did not have. */
  #isNew = false
  /** The reader has asked for more since the last event was given. */
  #isWanted = false
  #wake: (() => void) | undefined

  constructor(options: RetryingResumerOptions) {
    const { startSelector, attempt, signal, clock = systemClock, random = Math.random } = options
    knownOptions('RetryingResumer', options, OPTIONS)
    functionOption('attempt', attempt)
    checkStartSelector(startSelector)
    const until = choiceOption('until', options.until, 'forever', ['forever', 'caught-up'])
    const policy = retryPolicy(options.retry)
    signalOption('signal', signal)
    super({ objectMode: true, highWaterMark: 8 })
    this.#attempt = attempt
    this.#reportsAdmission = booleanOption('reportsAdmission', options.reportsAdmission, false)
    this.#clock = clock
    this.#seam = new Seam(startSelector.type === 'FROM_FRAGMENT' ? startSelector.fragmentNumber : null)
    this.#plan = new StartPlan(startSelector, this.#seam)
    this.#loop = new RetryLoop({
      policy,
      untilCaughtUp: until === 'caught-up',
      clock,
      random,
      signal: this.#abort.signal,
      runSession: () => this.#runSession(),
      refuseStart: error => this.#plan.refuse(error),
      tell: event => this.#tell('retry', event),
    })
    this.#followSignal(signal)
  }

  declare [Symbol.asyncIterator]: () => NodeJS.AsyncIterator<FragmentEvent>

  override _read(): void {
    this.#isWanted = true
    this.#wakeUp()
    if (this.#isRunning) return
    this.#isRunning = true
    this.#loop
      .run()
      .then(() => this.#finish())
      .catch((error: unknown) => this.#late.fail(toError(error), failure => this.destroy(failure)))
  }

  override read(size?: number): ReturnType<Readable['read']> {
    const event = super.read(size)
    this.#late.consumed()
    return event
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const reason = error ?? new AbortError('the stream')
    this.#late.cancel()
    this.#abort.abort(reason)
    this.#session?.close(reason)
    this.#wakeUp()
    callback(error)
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = () => this.destroy(new AbortError('GetMedia', signal.reason))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: this.#abort.signal })
  }

  /** Caught up. A fragment that is still open has no end to come. */
  #finish(): void {
    for (const event of this.#seam.giveUpOpen()) this.#give(event)
    this.#guard(() => this.push(null))
  }

  /** Runs one session to its end. Rejects only when the stream is destroyed. */
  async #runSession(): Promise<SessionResult> {
    await this.#room()
    let startedAt = this.#clock.now()
    const startSelector = this.#plan.next()
    const isExact = startSelector.type === 'CONTINUATION_TOKEN' || startSelector.type === 'FRAGMENT_NUMBER'
    this.#seam.beginSession(isExact)
    this.#isNew = false
    this.#sessions++
    const attempt: AttemptEvent = { session: this.#sessions, startSelector }
    this.#announce = () => {
      this.#announce = undefined
      startedAt = this.#clock.now()
      this.#tell('attempt', attempt)
    }
    if (!this.#reportsAdmission) this.#announce()
    const failure = await this.#readSession(startSelector)
    // It failed on the way to its turn, or its attempt did not report that. No call was tried after a timeout.
    if (!isAdmissionTimeout(failure)) this.#announce?.()
    const lastedMs = this.#clock.now() - startedAt
    return { failure, isNew: this.#isNew, endedIn: this.#seam.position, lastedMs }
  }

  /** What ended the session; `null` for a clean end. */
  async #readSession(startSelector: StartSelector): Promise<Error | null> {
    const session = new Session()
    this.#session = session
    try {
      this.#abort.signal.throwIfAborted()
      const sink = {
        take: (event: FragmentEvent) => this.#take(event, startSelector),
        room: () => this.#room(),
      }
      await session.read(this.#attempt, startSelector, sink, {
        onWaiting: event => this.#tell('waiting', event),
        onAdmitted: () => this.#announce?.(),
      })
      return this.#seam.position === 'fragment'
        ? new IncompleteFragmentError(this.#seam.fragmentNumber)
        : null
    } catch (error) {
      this.#abort.signal.throwIfAborted()
      return toError(error)
    } finally {
      session.close()
      this.#session = undefined
    }
  }

  /** Gives the reader what it does not have yet. False when it wants no more for now. */
  #take(event: FragmentEvent, startSelector: StartSelector): boolean {
    const wrong = event?.type === 'frame' ? undefined : wrongFragmentEvent('RetryingResumer', event)
    if (wrong !== undefined) throw wrong
    if (event.type === 'truncated') {
      const fragmentNumber = event.fragmentNumber ?? undefined
      throw new MkvTruncatedError(event.byteOffset, event.elementPath, { fragmentNumber })
    }
    if (this.#isNew && this.#seam.passes(event)) {
      this.#give(event)
      return this.#hasRoom
    }
    this.#announce?.()
    for (const output of this.#seam.take(event)) {
      if (!this.#isNew) this.#tellOfResume(startSelector)
      this.#isNew = true
      this.#give(output)
    }
    return this.#hasRoom
  }

  /** The first event of a session that the reader does not have yet. */
  #tellOfResume(startSelector: StartSelector): void {
    if (this.#sessions === 1) return
    const { framesLeftOut } = this.#seam
    this.#tell('resumed', { session: this.#sessions, startSelector, framesLeftOut } satisfies ResumedEvent)
  }

  #give(event: FragmentEvent): void {
    if (event.type === 'gap') this.#tell('gap', event)
    this.#isWanted = false
    if (this.destroyed) return
    try {
      if (this.#short.isOpen) this.#short.handOn(event)
      else this.push(event)
    } catch (error) {
      this.#failByListener(error)
    }
  }

  #tell(name: 'waiting' | 'attempt' | 'retry' | 'resumed' | 'gap', notice: object): void {
    this.#guard(() => this.emit(name, notice))
  }

  #guard(call: () => void): void {
    if (this.destroyed) return
    try {
      call()
    } catch (error) {
      this.#failByListener(error)
    }
  }

  /** What a listener throws is its own, and not a failure of the session that could be tried again. */
  #failByListener(error: unknown): never {
    this.destroy(toError(error))
    throw error
  }

  get #hasRoom(): boolean {
    return this.#isWanted || this.readableLength < this.readableHighWaterMark
  }

  /** Resolves when the reader wants more; at once where it does. */
  async #room(): Promise<void> {
    if (!this.#hasRoom) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    this.#abort.signal.throwIfAborted()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
