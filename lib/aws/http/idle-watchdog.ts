import type { Clock } from '../../core/clock.ts'

/**
 * Tells when a reader has waited too long for the next bytes. Only time counts in which it waits; a reader that does
 * not read never trips it. One timer, which is not touched for each chunk: it looks at the last sign of life when
 * it fires, and sleeps on for the rest.
 */
export class IdleWatchdog {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #onIdle: () => void
  /** When the wait began that goes on; `undefined` while nobody waits. */
  #sinceMs: number | undefined
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, timeoutMs: number, onIdle: () => void) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#onIdle = onIdle
  }

  /** The reader waits from now on, if it did not before. */
  wait(): void {
    this.#sinceMs ??= this.#clock.now()
    if (this.#cancelTimer === undefined) this.#sleep(this.#timeoutMs)
  }

  /** Bytes came; a reader that waited goes on waiting for more. */
  sawBytes(): void {
    if (this.#sinceMs !== undefined) this.#sinceMs = this.#clock.now()
  }

  /** The reader does not wait now. The timer may stay; it finds nothing to do. */
  rest(): void {
    this.#sinceMs = undefined
  }

  /** For good: leaves no timer. */
  stop(): void {
    this.#sinceMs = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #sleep(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = undefined
      if (this.#sinceMs === undefined) return
      const leftMs = this.#timeoutMs - (this.#clock.now() - this.#sinceMs)
      // Timers may fire a little early; a rest under a millisecond is none.
      if (leftMs < 1) this.#onIdle()
      else this.#sleep(leftMs)
    })
  }
}
