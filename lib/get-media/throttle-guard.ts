import { Transform } from 'readable-stream'
import { AdmissionWatch } from '../aws/limits/admission-watch.ts'
import { type Permit, processGate } from '../aws/limits/call-gate.ts'
import type { WaitingEvent } from '../aws/limits/waiting-event.ts'
import { admissionTimeoutOption, resolveStream, type StreamOptions } from '../aws/operations/call-settings.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { functionOption, knownOptions, numberOption, optionNames, signalOption } from '../core/options.ts'
import { failWrite, wrongBytes } from '../streams/check-input.ts'
import { LateFailure } from '../streams/late-failure.ts'
import { isWriterOpen, ShortWay } from '../streams/short-way.ts'
import { FlowMeter, type ThrottleMetrics } from './flow-meter.ts'
import { Pacer } from './pacer.ts'

export { SESSION_CAP_BYTES_PER_SECOND, type ThrottleMetrics } from './flow-meter.ts'

export type ThrottleGuardOptions = {
  /** Bytes a second to hold to, at most; from 1. @default no pacing */
  readonly paceBytesPerSecond?: number | undefined
  readonly clock?: Clock | undefined
}

/** Options of `ThrottleGuard.admit`. */
export type AdmitOptions = {
  /** Leaves the queue when it fires, with an `AbortError`. */
  readonly signal?: AbortSignal | undefined
  /** How long to wait, in milliseconds, before it fails with an `AdmissionTimeoutError`. @default no limit */
  readonly admissionTimeoutMs?: number | undefined
  /** Called when a wait begins, and each time the position in the queue changes. */
  readonly onWaiting?: ((event: WaitingEvent) => void) | undefined
  /** Measures `admissionTimeoutMs`. */
  readonly clock?: Clock | undefined
}

const GUARD_OPTIONS = optionNames<ThrottleGuardOptions>({ paceBytesPerSecond: true, clock: true })
const STREAM_OPTIONS = optionNames<StreamOptions>({
  ...{ streamName: true, streamARN: true, region: true, endpoint: true, controlEndpoint: true },
})
const ADMIT_OPTIONS = optionNames<AdmitOptions>({
  ...{ signal: true, admissionTimeoutMs: true, onWaiting: true, clock: true },
})

type Callback = (error?: Error | null) => void

/**
 * Bytes to bytes: measures, and paces where asked to. Each chunk comes out as the object that went in; only pacing
 * cuts a chunk larger than 50 ms of the rate, into views of it. Holds one chunk, and up to 64 KiB that were written
 * ahead. Its static `admit` is the gate before a call that `SignedGetMediaSource` passes by itself.
 *
 * ```ts
 * const guard = new ThrottleGuard({ paceBytesPerSecond: 1_000_000 })
 * await pipeline(source, guard, createWriteStream('door.mkv'))
 * console.log(guard.metrics.averageBytesPerSecond)
 * ```
 */
export class ThrottleGuard extends Transform {
  readonly #clock: Clock
  readonly #pacer: Pacer | undefined
  readonly #flow: FlowMeter
  readonly #late: LateFailure = new LateFailure(this)
  readonly #short = new ShortWay(this)
  #failure: Error | undefined
  /** What is being paced: the rest of a chunk, and who waits for its end. */
  #paced: { rest: Buffer; readonly callback: Callback } | undefined
  #cancelTimer: (() => void) | undefined
  /** Lets the next chunk in, once the reader has taken the last one. */
  #letNextIn: Callback | undefined
  /** The reader asked for more while a chunk was still in the readable buffer. */
  #askedEarly = false
  /** A chunk is with the reader's listeners; `write` has not come back. */
  #isHandingOn = false
  #waiting: (() => void) | undefined

  constructor(options: ThrottleGuardOptions = {}) {
    knownOptions('ThrottleGuard', options, GUARD_OPTIONS)
    const { clock = systemClock, paceBytesPerSecond } = options
    const rate = numberOption('paceBytesPerSecond', paceBytesPerSecond, Number.POSITIVE_INFINITY, { min: 1 })
    // One chunk on the readable side: with two, `read()` would join them by a copy.
    super({ readableHighWaterMark: 1, writableHighWaterMark: 64 * 1024 })
    this.#clock = clock
    this.#flow = new FlowMeter(clock)
    this.#pacer = rate === Number.POSITIVE_INFINITY ? undefined : new Pacer(rate)
  }

  /**
   * Waits for a place to call GetMedia on a stream: at most 5 calls a second and 3 open sessions in this process,
   * those of `SignedGetMediaSource` included. For callers with a client of their own, such as the official SDK's.
   * Make the call at once, and release the place when its body is over. Rejects with `OptionError`, with
   * `AdmissionTimeoutError` or, when `signal` fires, with `AbortError`.
   *
   * ```ts
   * const permit = await ThrottleGuard.admit({ streamName: 'door', region: 'us-west-2' })
   * try {
   *   const { Payload } = await client.send(new GetMediaCommand({ … }))
   *   await pipeline(Payload, new ThrottleGuard(), createWriteStream('door.mkv'))
   * } finally {
   *   permit.release()
   * }
   * ```
   */
  static async admit(stream: StreamOptions, options: AdmitOptions = {}): Promise<Permit> {
    knownOptions('ThrottleGuard.admit', stream, STREAM_OPTIONS)
    knownOptions('ThrottleGuard.admit', options, ADMIT_OPTIONS)
    const { clock = systemClock, onWaiting } = options
    const { key } = resolveStream(stream)
    const timeoutMs = admissionTimeoutOption(options.admissionTimeoutMs)
    if (onWaiting !== undefined) functionOption('onWaiting', onWaiting)
    const signal = signalOption('signal', options.signal)
    const admission = new AdmissionWatch({ clock, timeoutMs, signal, onWaiting })
    try {
      return await processGate().acquireSession(key, admission)
    } finally {
      admission.close()
    }
  }

  /** Measured up to this moment. */
  get metrics(): ThrottleMetrics {
    return this.#flow.metrics
  }

  /**
   * Ends this stage with `error` after everything that was written before has come out, at its pace. The first
   * failure counts. For joining stages without losing what arrived before an upstream error, where `pipeline` would
   * throw it away.
   */
  fail(error: Error): void {
    this.#failure ??= error
    this.#failWhenDrained()
  }

  /** What need not wait is measured and handed on. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const isPlain = encoding === undefined && callback === undefined
    if (!isPlain || !this.#isOpen(chunk)) {
      const wrong = wrongBytes('ThrottleGuard', chunk)
      if (wrong !== undefined) return failWrite(this, wrong, encoding, callback)
      return super.write(chunk, encoding as string, callback as Callback)
    }
    const nowMs = this.#clock.now()
    this.#flow.arrived(nowMs)
    this.#flow.delivered(chunk.length, nowMs)
    this.#isHandingOn = true
    try {
      this.#short.handOn(chunk)
    } finally {
      this.#isHandingOn = false
    }
    this.#flow.waitsForSource(nowMs)
    this.#goOn()
    return true
  }

  /** What a listener did in the middle of a chunk comes behind it. */
  #goOn(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
    this.#failWhenDrained()
  }

  override _transform(chunk: Buffer, encoding: unknown, callback: Callback): void {
    if (this.#isHandingOn) {
      this.#waiting = () => this._transform(chunk, encoding, callback)
      return
    }
    const nowMs = this.#clock.now()
    this.#flow.arrived(nowMs)
    if (this.#pacer === undefined) {
      this.#deliver(chunk, nowMs)
      this.#done(nowMs, callback)
    } else {
      this.#paced = { rest: chunk, callback }
      this.#pace(this.#pacer)
    }
  }

  override _flush(callback: Callback): void {
    if (this.#isHandingOn) {
      this.#waiting = () => this._flush(callback)
      return
    }
    this.#flow.sourceEnded(this.#clock.now())
    if (this.#failure === undefined) callback()
    else this.#late.fail(this.#failure, callback)
  }

  override _read(): void {
    // Moving on now would put a second chunk beside the first; `read` does it once the first is out.
    if (this.readableLength > 0) this.#askedEarly = true
    else this.#moveOn()
  }

  override read(size?: number): Buffer | null {
    const chunk: Buffer | null = super.read(size)
    if (this.#askedEarly && this.readableLength === 0) {
      this.#askedEarly = false
      this.#moveOn()
    }
    this.#late.consumed()
    return chunk
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#paced = undefined
    this.#letNextIn = undefined
    this.#waiting = undefined
    this.#late.cancel()
    const nowMs = this.#clock.now()
    this.#flow.sourceEnded(nowMs)
    this.#flow.readerHasRoom(nowMs)
    callback(error)
  }

  #isOpen(chunk: unknown): chunk is Buffer {
    return (
      this.#pacer === undefined &&
      this.#failure === undefined &&
      !this.#isHandingOn &&
      Buffer.isBuffer(chunk) &&
      chunk.length > 0 &&
      isWriterOpen(this) &&
      this.#short.isOpen
    )
  }

  /** The reader has room again. */
  #moveOn(): void {
    const nowMs = this.#clock.now()
    this.#flow.readerHasRoom(nowMs)
    if (this.#paced !== undefined) {
      if (this.#pacer !== undefined && this.#cancelTimer === undefined) this.#pace(this.#pacer)
      return
    }
    this.#flow.waitsForSource(nowMs)
    const letNextIn = this.#letNextIn
    this.#letNextIn = undefined
    letNextIn?.()
    this.#failWhenDrained()
  }

  #deliver(chunk: Buffer, nowMs: number): void {
    this.#flow.delivered(chunk.length, nowMs)
    this.push(chunk)
  }

  /** The chunk is out: from now on it is either the reader or the source that others wait for. */
  #done(nowMs: number, callback: Callback): void {
    if (this.readableLength > 0) {
      // Transform itself would hold the next chunk back too, but not any more after `end`.
      this.#flow.readerIsFull(nowMs)
      this.#letNextIn = callback
      return
    }
    this.#flow.waitsForSource(nowMs)
    callback()
    this.#failWhenDrained()
  }

  /** Delivers what is due of the chunk in hand; sets the timer for the rest, or waits for the reader. */
  #pace(pacer: Pacer): void {
    for (let paced = this.#paced; paced !== undefined; paced = this.#paced) {
      const nowMs = this.#clock.now()
      const waitMs = pacer.waitMs(nowMs)
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => {
          this.#cancelTimer = undefined
          this.#pace(pacer)
        })
        return
      }
      const { rest, callback } = paced
      const piece = rest.length > pacer.pieceBytes ? rest.subarray(0, pacer.pieceBytes) : rest
      pacer.sent(piece.length, nowMs)
      paced.rest = rest.subarray(piece.length)
      if (paced.rest.length === 0) this.#paced = undefined
      this.#deliver(piece, nowMs)
      if (paced.rest.length === 0) {
        this.#done(nowMs, callback)
        return
      }
      if (this.readableLength > 0) {
        this.#flow.readerIsFull(nowMs)
        return
      }
    }
  }

  #failWhenDrained(): void {
    if (this.#failure === undefined || this.writableLength > 0) return
    if (this.#paced !== undefined || this.#isHandingOn) return
    this.#late.fail(this.#failure, error => this.destroy(error))
  }
}
