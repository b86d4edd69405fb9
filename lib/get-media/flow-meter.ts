import type { Clock } from '../core/clock.ts'
import { RateMeter } from './rate-meter.ts'

/** What one session may carry, by the GetMedia page: 25 megabytes, 200 megabits, a second. */
export const SESSION_CAP_BYTES_PER_SECOND = 25_000_000

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

/** Who keeps the bytes from flowing at a moment: the reader, the source, or nobody. */
export class FlowMeter {
  readonly #clock: Clock
  readonly #rate = new RateMeter()
  #bytes = 0
  #firstByteMs: number | undefined
  #endMs: number | undefined
  readonly #held = new Stopwatch()
  readonly #waited = new Stopwatch()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get metrics(): ThrottleMetrics {
    const nowMs = this.#clock.now()
    const elapsedMs = (this.#endMs ?? nowMs) - (this.#firstByteMs ?? nowMs)
    const bytesPerSecond = this.#rate.bytesPerSecond(nowMs)
    return {
      bytes: this.#bytes,
      bytesPerSecond,
      averageBytesPerSecond: elapsedMs > 0 ? (this.#bytes * 1000) / elapsedMs : 0,
      capShare: bytesPerSecond / SESSION_CAP_BYTES_PER_SECOND,
      heldBackMs: this.#held.elapsedMs(nowMs),
      waitedMs: this.#waited.elapsedMs(nowMs),
    }
  }

  /** A chunk has come in. */
  arrived(nowMs: number): void {
    this.#waited.stop(nowMs)
    this.#firstByteMs ??= nowMs
  }

  /** Bytes go out. */
  delivered(bytes: number, nowMs: number): void {
    this.#bytes += bytes
    this.#rate.count(bytes, nowMs)
  }

  /** The reader has not taken what is there. */
  readerIsFull(nowMs: number): void {
    this.#held.start(nowMs)
  }

  /** The reader has taken everything. */
  readerHasRoom(nowMs: number): void {
    this.#held.stop(nowMs)
  }

  /** It is the source's turn. */
  waitsForSource(nowMs: number): void {
    if (this.#endMs === undefined) this.#waited.start(nowMs)
  }

  /** The source has ended: nobody waits for it any more. */
  sourceEnded(nowMs: number): void {
    this.#endMs ??= nowMs
    this.#waited.stop(nowMs)
  }
}

class Stopwatch {
  #totalMs = 0
  #sinceMs: number | undefined

  start(nowMs: number): void {
    this.#sinceMs ??= nowMs
  }

  stop(nowMs: number): void {
    this.#totalMs = this.elapsedMs(nowMs)
    this.#sinceMs = undefined
  }

  elapsedMs(nowMs: number): number {
    return this.#totalMs + (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs)
  }
}
