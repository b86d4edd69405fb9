import type { Clock } from '../../core/clock.ts'

/**
 * A budget of points that fills up steadily to one second's worth. A call may cost more than that, as a list of 1,000
 * fragments does at 500 points a second: it passes when the budget is full, and is paid off before the next one.
 */
export class PointBudget {
  readonly #pointsPerSecond: number
  readonly #clock: Clock
  #points: number
  #filledMs: number

  constructor(pointsPerSecond: number, clock: Clock) {
    this.#pointsPerSecond = pointsPerSecond
    this.#clock = clock
    this.#points = pointsPerSecond
    this.#filledMs = clock.now()
  }

  /** Whether a call of that cost may pass now; it is then taken off. */
  tryTake(cost: number): boolean {
    if (this.#pointsPerSecond === Number.POSITIVE_INFINITY) return true
    this.#fill()
    if (this.#points <= 0 || this.#points < Math.min(cost, this.#pointsPerSecond)) return false
    this.#points -= cost
    return true
  }

  #fill(): void {
    const nowMs = this.#clock.now()
    const gained = ((nowMs - this.#filledMs) * this.#pointsPerSecond) / 1000
    this.#points = Math.min(this.#pointsPerSecond, this.#points + gained)
    this.#filledMs = nowMs
  }
}
