/**
 * Where frames of audio lie, in samples. Their timestamps are whole milliseconds, and a frame of AAC at 48 kHz lasts 21.33:
 * what follows within the rounding follows at once, so that no decoder hears a seam.
 */
export class SampleClock {
  readonly #rateHz: number
  #next: number | undefined

  constructor(rateHz: number) {
    this.#rateHz = rateHz
  }

  /** The place of a frame at `timeMs`; never before the end of the one before, by more than a producer's clock runs fast. */
  place(timeMs: number, samples: number | undefined): number {
    const told = Math.round((timeMs * this.#rateHz) / 1000)
    const expected = this.#next
    const isNext = expected !== undefined && Math.abs(told - expected) <= (TOLERANCE_MS * this.#rateHz) / 1000
    const at = isNext ? expected : told
    this.#next = samples === undefined ? undefined : at + samples
    return at
  }
}

/** Rounded once by the producer and once by us, each by up to half a millisecond, and once more where frames are joined. */
const TOLERANCE_MS = 2
