import type { Clock } from '../../core/clock.ts'
import { mayBeSameStream, type StreamKey } from '../operations/stream-id.ts'
import { throwIfAborted, WaitLine } from './wait-line.ts'
import type { QueueOptions, WaitingReason } from './waiting-event.ts'

/** One call's place in the window. */
export type CallTicket = {
  /**
   * The answer has come, or the call has failed: it reached the service before now. Until then the call counts as
   * one that may reach it any moment, however long the connection takes. Calling it again does nothing.
   */
  answered(): void
}

/** When a call leaves the window: Infinity while its answer is open. */
type Call = { readonly key: StreamKey; untilMs: number }

const REASONS = {
  GetMedia: 'get-media-rate',
  PutMedia: 'put-media-rate',
  GetDataEndpoint: 'get-data-endpoint-rate',
} as const satisfies Record<string, WaitingReason>

/** An operation whose calls a second are limited for each stream. */
export type LimitedOperation = keyof typeof REASONS

type Stream = {
  readonly calls: Call[]
  readonly line: WaitLine
  cancelTimer: (() => void) | undefined
}

/**
 * At most so many calls within `windowMs` for each stream, as the service counts them. What counts there is when a
 * call arrives, which no client knows; it lies between the moment when the call is let go and its answer. So a call
 * counts from the first until `windowMs` after the second, and no jitter on the way makes one too many.
 */
export class CallRate {
  readonly #clock: Clock
  readonly #operation: LimitedOperation
  readonly #maxCalls: number
  readonly #windowMs: number
  /** In the order of their last use. */
  readonly #streams = new Map<string, Stream>()

  constructor(clock: Clock, operation: LimitedOperation, maxCalls: number, windowMs: number) {
    this.#clock = clock
    this.#operation = operation
    this.#maxCalls = maxCalls
    this.#windowMs = windowMs
  }

  /** Streams that are kept in mind: those with calls in the window, and a few more. */
  get size(): number {
    return this.#streams.size
  }

  /** Resolves when the call may go. Rejects with `AbortError` and `AdmissionTimeoutError`. */
  async take(key: StreamKey, options: QueueOptions): Promise<CallTicket> {
    throwIfAborted(this.#activity, options.signal)
    this.#sweep()
    const stream = this.#streams.get(key.stream) ?? this.#newStream()
    this.#streams.delete(key.stream)
    this.#streams.set(key.stream, stream)
    // A place that is free belongs to those who wait, if any do.
    this.#admit(stream)
    let call = this.#tryTake(stream, key)
    if (call === undefined) {
      const ticketKey = { ...key }
      const turn = stream.line.join(ticketKey, options, () => this.#setTimer(stream))
      this.#setTimer(stream)
      await turn
      call = stream.calls.find(({ key }) => key === ticketKey)!
    }
    return { answered: () => this.#answered(stream, call) }
  }

  get #activity(): string {
    return `waiting to call ${this.#operation}`
  }

  #newStream(): Stream {
    const limit = this.#maxCalls
    const line = new WaitLine({
      ...{ reason: REASONS[this.#operation], limit, activity: this.#activity },
      holdUp: `the service allows ${limit} ${this.#operation} calls a second; waiting for the next`,
    })
    return { calls: [], line, cancelTimer: undefined }
  }

  #tryTake(stream: Stream, key: StreamKey): Call | undefined {
    const nowMs = this.#clock.now()
    dropPast(stream.calls, nowMs)
    const counted = stream.calls.filter(call => mayBeSameStream(call.key, key)).length
    if (counted >= this.#maxCalls) return undefined
    const call = { key, untilMs: Number.POSITIVE_INFINITY }
    stream.calls.push(call)
    return call
  }

  #answered(stream: Stream, call: Call): void {
    if (call.untilMs !== Number.POSITIVE_INFINITY) return
    call.untilMs = this.#clock.now() + this.#windowMs
    this.#setTimer(stream)
  }

  #admit(stream: Stream): void {
    stream.line.admitWhere(waiting => this.#tryTake(stream, waiting) !== undefined)
    this.#setTimer(stream)
  }

  /** One timer, for the next place that comes free, and only while someone waits. */
  #setTimer(stream: Stream): void {
    stream.cancelTimer?.()
    stream.cancelTimer = undefined
    if (stream.line.length === 0) return
    const nextMs = Math.min(...stream.calls.map(call => call.untilMs))
    if (nextMs === Number.POSITIVE_INFINITY) return
    stream.cancelTimer = this.#clock.after(Math.max(1, nextMs - this.#clock.now()), () => this.#admit(stream))
  }

  /** Forgets idle streams bit by bit: each call looks at the two that were used longest ago. */
  #sweep(): void {
    for (const [name, stream] of [...firstOf(this.#streams, 2)]) {
      dropPast(stream.calls, this.#clock.now())
      this.#streams.delete(name)
      if (stream.calls.length > 0 || stream.line.length > 0) this.#streams.set(name, stream)
    }
  }
}

function dropPast(calls: Call[], nowMs: number): void {
  for (let index = calls.length - 1; index >= 0; index--) {
    if (calls[index]!.untilMs <= nowMs) calls.splice(index, 1)
  }
}

function* firstOf<T>(values: Iterable<T>, count: number): Generator<T> {
  let left = count
  for (const value of values) {
    if (left-- === 0) return
    yield value
  }
}
