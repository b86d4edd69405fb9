const EVERY_MS = 50

/** Watches this process's resident memory until it is stopped. */
export class PeakMemory {
  #peakBytes = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#look()
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
  }

  /** The most that it saw, in bytes. */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#peakBytes
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss())
  }
}
