/** Frames that are farther apart have a gap between them. */
export const LONGEST_STEP_MS = 10_000

/** Where one track of an output has got to, in milliseconds of the output. */
export class TrackTimes {
  /** The latest time so far, before rounding. */
  lastMs = Number.NEGATIVE_INFINITY
  /** Where the latest frame ends. */
  endMs = 0
  /** From one frame to the next, on average over the fragment under way; `undefined` before there are two frames. */
  stepMs: number | undefined
  /** Whether `endMs` is more than a guess. */
  isEndKnown = false
  readonly #isReordered: boolean
  #writtenMs = Number.NEGATIVE_INFINITY
  #firstMs = 0
  #frames = 0
  /** The step was seen from one fragment to the next. */
  #isStepOver = false

  /** `isReordered`: frames may come in another order than they are shown in, as those of video do. */
  constructor(isReordered: boolean) {
    this.#isReordered = isReordered
  }

  startFragment(): void {
    this.#frames = 0
  }

  /** Takes the next frame and gives its time in whole milliseconds, which of audio never goes back. */
  add(exactMs: number, durationMs: number | undefined): number {
    let timeMs = Math.round(exactMs)
    // A time that repeats is moved on by a millisecond. Frames of less than one, which only share its rounding, are not:
    // that would take them further from their time with each.
    if (!this.#isReordered) timeMs = Math.max(timeMs, this.#writtenMs + (exactMs <= this.lastMs ? 1 : 0))
    this.#writtenMs = Math.max(this.#writtenMs, timeMs)
    if (this.#frames++ === 0) this.#firstMs = exactMs
    this.#stepOver(exactMs)
    this.lastMs = Math.max(this.lastMs, exactMs)
    if (this.#frames > 1) {
      const averageMs = (this.lastMs - this.#firstMs) / (this.#frames - 1)
      if (averageMs > 0) {
        this.stepMs = averageMs
        this.#isStepOver = false
      }
    }
    const lastsMs = durationMs ?? this.stepMs
    this.isEndKnown = lastsMs !== undefined
    this.endMs = Math.max(this.lastMs, this.#writtenMs) + Math.max(1, lastsMs ?? 0)
    return timeMs
  }

  /** Fragments of one frame each tell of their rate by their distance alone. */
  #stepOver(exactMs: number): void {
    const stepMs = exactMs - this.lastMs
    if (this.#frames === 1 && (this.stepMs === undefined || this.#isStepOver)) {
      this.#isStepOver = stepMs > 0 && stepMs <= LONGEST_STEP_MS
      if (this.#isStepOver) this.stepMs = stepMs
    }
  }
}
