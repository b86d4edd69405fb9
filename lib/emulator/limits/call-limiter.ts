import type { Clock } from '../../core/clock.ts'

/** Lets so many calls through in any second; a refused call does not count. */
export class CallLimiter {
  readonly #callsPerSecond: number
  readonly #clock: Clock
  /** When the calls of the last second were let through, oldest first. */
  #takenMs: number[] = []

  constructor(callsPerSecond: number, clock: Clock) {
    this.#callsPerSecond = callsPerSecond
    this.#clock = clock
  }

  /** Whether one more call may pass now; it then counts. */
  tryTake(): boolean {
    if (!this.hasRoom()) return false
    if (this.#callsPerSecond !== Number.POSITIVE_INFINITY) this.#takenMs.push(this.#clock.now())
    return true
  }

  /** Whether one more call might pass now. */
  hasRoom(): boolean {
    if (this.#callsPerSecond === Number.POSITIVE_INFINITY) return true
    const nowMs = this.#clock.now()
    this.#takenMs = this.#takenMs.filter(takenMs => nowMs - takenMs < 1000)
    return this.#takenMs.length < this.#callsPerSecond
  }
}
