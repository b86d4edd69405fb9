/** How far behind its plan a sender may catch up: a late timer costs no rate, a silent source earns no burst. */
const CATCH_UP_MS = 100

/** When the next bytes may go, so that the rate holds exactly over time. It has no timer of its own. */
export class Pacer {
  readonly #bytesPerMs: number
  /** What goes at once, at most: the bytes of 50 ms. A larger piece would come in jerks. */
  readonly pieceBytes: number
  #dueMs = Number.NEGATIVE_INFINITY

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.pieceBytes = Math.max(1, Math.floor(this.#bytesPerMs * 50))
  }

  /** How long the next bytes have to wait; 0 where it is under a millisecond, which no timer can tell. */
  waitMs(nowMs: number): number {
    const waitMs = this.#dueMs - nowMs
    return waitMs < 1 ? 0 : waitMs
  }

  sent(bytes: number, nowMs: number): void {
    // The first bytes start the plan; they have nothing to catch up.
    const earliestMs = this.#dueMs === Number.NEGATIVE_INFINITY ? nowMs : nowMs - CATCH_UP_MS
    this.#dueMs = Math.max(this.#dueMs, earliestMs) + bytes / this.#bytesPerMs
  }
}
