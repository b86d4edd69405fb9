import type { Clock } from '../../core/clock.ts'

/**
 * Holds a flow to a rate. It keeps the time at which the next unit is due, so that the timer's lateness is made up
 * for, up to `burstMs`; a flow that was held back by its reader, or had nothing to send, gets no more credit than that.
 */
export class Pacer {
  readonly #unitsPerSecond: number
  readonly #burstMs: number
  readonly #clock: Clock
  #dueMs: number

  constructor(unitsPerSecond: number, burstMs: number, clock: Clock) {
    this.#unitsPerSecond = unitsPerSecond
    this.#burstMs = burstMs
    this.#clock = clock
    this.#dueMs = clock.now() - burstMs
  }

  /** Books `units` and says how many milliseconds to wait before sending them. */
  reserve(units: number): number {
    if (this.#unitsPerSecond === Number.POSITIVE_INFINITY) return 0
    const nowMs = this.#clock.now()
    const dueMs = Math.max(this.#dueMs, nowMs - this.#burstMs)
    this.#dueMs = dueMs + (units * 1000) / this.#unitsPerSecond
    return Math.max(0, dueMs - nowMs)
  }

  /** Books `units` that have come already, and says how many milliseconds to wait before taking more. */
  spend(units: number): number {
    this.reserve(units)
    return this.#unitsPerSecond === Number.POSITIVE_INFINITY
      ? 0
      : Math.max(0, this.#dueMs - this.#clock.now())
  }
}
