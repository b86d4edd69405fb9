/** Ticks of a segment's clock as milliseconds (RFC 9559, section 11.1). */
export class SegmentClock {
  /** Nanoseconds in a tick. */
  readonly timestampScale: number
  /** Set where a tick is a whole number of milliseconds, as it almost always is: one multiplication, exact. */
  readonly #msPerTick: number | undefined

  constructor(timestampScale: number) {
    this.timestampScale = timestampScale
    this.#msPerTick = timestampScale % 1e6 === 0 ? timestampScale / 1e6 : undefined
  }

  toMs(ticks: number): number {
    if (this.#msPerTick !== undefined) return ticks * this.#msPerTick
    const ns = ticks * this.timestampScale
    if (Number.isSafeInteger(ns)) return ns / 1e6
    // Epoch times in fine ticks are beyond 2^53 nanoseconds: whole milliseconds and the rest apart, each exact.
    const exact = BigInt(ticks) * BigInt(this.timestampScale)
    return Number(exact / 1_000_000n) + Number(exact % 1_000_000n) / 1e6
  }
}
