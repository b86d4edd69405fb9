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

  /** Ticks from the clock's zero, and from there; beyond 2^53, as epoch times in nanoseconds are, the first is a bigint. */
  toMs(ticks: number | bigint, relativeTicks = 0): number {
    if (typeof ticks === 'bigint') return this.#exactMs(ticks + BigInt(relativeTicks))
    const sum = ticks + relativeTicks
    const ms = this.#msPerTick === undefined ? undefined : sum * this.#msPerTick
    if (ms !== undefined && Number.isSafeInteger(ms)) return ms
    const ns = sum * this.timestampScale
    return Number.isSafeInteger(ns) ? ns / 1e6 : this.#exactMs(BigInt(sum))
  }

  /** Whole milliseconds and the rest apart, each exact. */
  #exactMs(ticks: bigint): number {
    const ns = ticks * BigInt(this.timestampScale)
    return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
  }
}
