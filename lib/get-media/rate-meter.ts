const BUCKET_MS = 100
/** Ten for the second, and the one that is being left. */
const BUCKETS = 11

/** Bytes over the last second, from buckets of 100 ms: the oldest counts as far as it lies within the second. */
export class RateMeter {
  readonly #buckets = new Float64Array(BUCKETS)
  /** Number of the newest bucket, counted from the clock's zero. */
  #newest = 0

  count(bytes: number, nowMs: number): void {
    this.#moveTo(nowMs)
    this.#buckets[this.#newest % BUCKETS]! += bytes
  }

  bytesPerSecond(nowMs: number): number {
    this.#moveTo(nowMs)
    const partOfNewest = nowMs / BUCKET_MS - this.#newest
    const oldest = this.#buckets[(this.#newest + 1) % BUCKETS]!
    const sum = this.#buckets.reduce((total, bytes) => total + bytes, 0)
    return Math.max(0, sum - oldest * partOfNewest)
  }

  #moveTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS)
    if (bucket - this.#newest >= BUCKETS) this.#buckets.fill(0)
    else for (let next = this.#newest + 1; next <= bucket; next++) this.#buckets[next % BUCKETS] = 0
    this.#newest = Math.max(this.#newest, bucket)
  }
}
