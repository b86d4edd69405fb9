import type { MediaFragment } from './fragment.ts'

/** What a producer says its Cluster timestamps are: counted from its start, or its time itself. */
export type FragmentTimecodeType = 'RELATIVE' | 'ABSOLUTE'

/**
 * Dates the fragments of one producer. Where the timestamps stop rising, the producer has begun anew, and a
 * relative clock is set to the time at which the service got that fragment.
 */
export class ProducerClock {
  readonly #type: FragmentTimecodeType
  readonly #onRestart: () => void
  #startMs: number
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(type: FragmentTimecodeType, startMs: number, onRestart: () => void) {
    this.#type = type
    this.#startMs = startMs
    this.#onRestart = onRestart
  }

  /** The two times of a fragment that the service got at `serverTimestampMs`. */
  date(
    fragment: MediaFragment,
    serverTimestampMs: number,
  ): { readonly serverTimestampMs: number; readonly producerTimestampMs: number } {
    const { timestampMs } = fragment
    if (timestampMs <= this.#lastMs) {
      this.#startMs = serverTimestampMs - timestampMs
      this.#onRestart()
    }
    this.#lastMs = timestampMs
    const producerTimestampMs = this.#type === 'ABSOLUTE' ? timestampMs : this.#startMs + timestampMs
    return { serverTimestampMs, producerTimestampMs }
  }
}
