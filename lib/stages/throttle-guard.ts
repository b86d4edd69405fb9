import { Transform } from 'readable-stream'
import { type Permit, processGate } from '../aws/call-gate.ts'
import { resolveStream, type StreamOptions } from '../aws/call-settings.ts'
import { type Clock, systemClock } from '../clock.ts'
import { numberOption } from '../options.ts'
import { LateFailure } from './late-failure.ts'
import { Pacer } from './pacer.ts'
import { RateMeter } from './rate-meter.ts'

/** What one session may carry, by the GetMedia page: 25 megabytes, 200 megabits, a second. */
export const SESSION_CAP_BYTES_PER_SECOND = 25_000_000

export type ThrottleGuardOptions = {
  /** Bytes a second to hold to, at most; from 1. @default no pacing */
  readonly paceBytesPerSecond?: number | undefined
  readonly clock?: Clock | undefined
}

/** What a `ThrottleGuard` has measured so far. */
export type ThrottleMetrics = {
  /** Bytes that have come out. */
  readonly bytes: number
  /** Over the last second. */
  readonly bytesPerSecond: number
  /** From the first byte until now, or until the end. */
  readonly averageBytesPerSecond: number
  /** `bytesPerSecond` as a share of the 25,000,000 that a session may carry: 0 to 1, and over for other sources. */
  readonly capShare: number
  /** Time in which the reader held it back, in milliseconds. */
  readonly heldBackMs: number
  /** Time in which the reader waited for the source, in milliseconds, from its first question on. */
  readonly waitedMs: number
}

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
  readonly #meter = new RateMeter()
  readonly #late: LateFailure = new LateFailure(this)
  #failure: Error | undefined
  /** What is being paced: the rest of a chunk, and who waits for its end. */
  #paced: { rest: Buffer; readonly callback: Callback } | undefined
  #cancelTimer: (() => void) | undefined
  /** The reader asked for more while a chunk was still in the readable buffer. */
  #askedEarly = false

  #bytes = 0
  #firstByteMs: number | undefined
  #endMs: number | undefined
  #heldBackMs = 0
  #heldSinceMs: number | undefined
  #waitedMs = 0
  #waitingSinceMs: number | undefined

  constructor(options: ThrottleGuardOptions = {}) {
    const { clock = systemClock, paceBytesPerSecond } = options
    const rate = numberOption('paceBytesPerSecond', paceBytesPerSecond, Number.POSITIVE_INFINITY, { min: 1 })
    // One chunk on the readable side: with two, `read()` would join them by a copy.
    super({ readableHighWaterMark: 1, writableHighWaterMark: 64 * 1024 })
    this.#clock = clock
    this.#pacer = rate === Number.POSITIVE_INFINITY ? undefined : new Pacer(rate)
  }

  /**
   * Waits for a place to call GetMedia on a stream: at most 5 calls a second and 3 open sessions in this process,
   * those of `SignedGetMediaSource` included. For callers with a client of their own, such as the official SDK's.
   * Make the call at once, and release the place when its body is over. Rejects with `OptionError` or, when
   * `signal` fires, with `AbortError`.
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
  static async admit(
    stream: StreamOptions,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Permit> {
    return await processGate().acquireSession(resolveStream(stream).key, options)
  }

  /** Measured up to this moment. */
  get metrics(): ThrottleMetrics {
    const nowMs = this.#clock.now()
    const elapsedMs = (this.#endMs ?? nowMs) - (this.#firstByteMs ?? nowMs)
    const bytesPerSecond = this.#meter.bytesPerSecond(nowMs)
    return {
      bytes: this.#bytes,
      bytesPerSecond,
      averageBytesPerSecond: elapsedMs > 0 ? (this.#bytes * 1000) / elapsedMs : 0,
      capShare: bytesPerSecond / SESSION_CAP_BYTES_PER_SECOND,
      heldBackMs: this.#heldBackMs + sinceMs(this.#heldSinceMs, nowMs),
      waitedMs: this.#waitedMs + sinceMs(this.#waitingSinceMs, nowMs),
    }
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

  override _transform(chunk: Buffer, _encoding: unknown, callback: Callback): void {
    const nowMs = this.#clock.now()
    this.#stopWaiting(nowMs)
    this.#firstByteMs ??= nowMs
    if (this.#pacer === undefined) {
      this.#deliver(chunk, nowMs)
      this.#done(nowMs, callback)
    } else {
      this.#paced = { rest: chunk, callback }
      this.#pace(this.#pacer)
    }
  }

  override _flush(callback: Callback): void {
    this.#endMs = this.#clock.now()
    this.#stopWaiting(this.#endMs)
    if (this.#failure === undefined) callback()
    else this.#late.fail(this.#failure, callback)
  }

  override _read(size: number): void {
    // Moving on now would put a second chunk beside the first; `read` does it once the first is out.
    if (this.readableLength > 0) this.#askedEarly = true
    else this.#moveOn(size)
  }

  override read(size?: number): Buffer | null {
    const chunk: Buffer | null = super.read(size)
    if (this.#askedEarly && this.readableLength === 0) {
      this.#askedEarly = false
      this.#moveOn(this.readableHighWaterMark)
    }
    this.#late.consumed()
    return chunk
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#paced = undefined
    this.#late.cancel()
    this.#endMs ??= this.#clock.now()
    this.#stopWaiting(this.#endMs)
    this.#stopHolding(this.#endMs)
    callback(error)
  }

  /** The reader has room again. */
  #moveOn(size: number): void {
    const nowMs = this.#clock.now()
    this.#stopHolding(nowMs)
    if (this.#paced !== undefined) {
      if (this.#pacer !== undefined && this.#cancelTimer === undefined) this.#pace(this.#pacer)
      return
    }
    if (this.#endMs === undefined) this.#waitingSinceMs ??= nowMs
    super._read(size)
    this.#failWhenDrained()
  }

  #deliver(chunk: Buffer, nowMs: number): void {
    this.#bytes += chunk.length
    this.#meter.count(chunk.length, nowMs)
    this.push(chunk)
  }

  /** The chunk is out: from now on it is either the reader or the source that others wait for. */
  #done(nowMs: number, callback: Callback): void {
    if (this.readableLength > 0) this.#heldSinceMs ??= nowMs
    else this.#waitingSinceMs ??= nowMs
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
        this.#heldSinceMs ??= nowMs
        return
      }
    }
  }

  #failWhenDrained(): void {
    if (this.#failure === undefined || this.writableLength > 0 || this.#paced !== undefined) return
    this.#late.fail(this.#failure, error => this.destroy(error))
  }

  #stopWaiting(nowMs: number): void {
    this.#waitedMs += sinceMs(this.#waitingSinceMs, nowMs)
    this.#waitingSinceMs = undefined
  }

  #stopHolding(nowMs: number): void {
    this.#heldBackMs += sinceMs(this.#heldSinceMs, nowMs)
    this.#heldSinceMs = undefined
  }
}

function sinceMs(startMs: number | undefined, nowMs: number): number {
  return startMs === undefined ? 0 : nowMs - startMs
}
