import type { FragmentStart } from '../../../get-media/events.ts'

/** A placed frame, and what the clocks say of it, in epoch milliseconds (the producer's may count from elsewhere). */
export type Moment = {
  readonly outMs: number
  readonly producerMs: number | null
  readonly serverMs: number | null
}

/** Offsets that are always to be had: `closed` leaves no gap, `kept` is the one before the joint. */
export type Offsets = { readonly closed: number; readonly kept: number }

/** Clocks that agree to this are one clock. */
const AGREEMENT_MS = 1000
/** A longer jump is no gap but another clock, such as one that counted from zero and now from 1970. */
export const LONGEST_GAP_MS = 24 * 60 * 60 * 1000

/** What a fragment's timestamps say of the moment of each of its frames, and so of a gap before it. */
export class FragmentClock {
  readonly #producerMs: number | null
  readonly #serverMs: number | null
  #firstMs: number | undefined

  constructor(start?: FragmentStart) {
    this.#producerMs = start?.producerTimestamp?.getTime() ?? null
    this.#serverMs = start?.serverTimestamp?.getTime() ?? null
  }

  /** The fragment's first frame is at its first moment. */
  saw(atMs: number): void {
    this.#firstMs ??= atMs
  }

  moment(outMs: number, atMs: number): Moment {
    const sinceMs = atMs - (this.#firstMs ?? atMs)
    const on = (clock: number | null) => (clock === null ? null : clock + sinceMs)
    return { outMs, producerMs: on(this.#producerMs), serverMs: on(this.#serverMs) }
  }

  /**
   * The offset that keeps the gap between `last` and the frame at `atMs` as long as it was. The timestamps' own word
   * counts where the producer's clock agrees; where they start again, as after a producer's restart, its clock does, and
   * else the server's. A clock that goes back, or tells of more than a day, is not believed.
   */
  offsetMs(last: Moment, atMs: number, { closed, kept }: Offsets): number {
    const now = this.moment(0, atMs)
    const by = (before: number | null, after: number | null) =>
      before === null || after === null ? undefined : last.outMs + (after - before) - atMs
    const producer = by(last.producerMs, now.producerMs)
    const server = by(last.serverMs, now.serverMs)
    const agrees = producer === undefined || Math.abs(producer - kept) <= AGREEMENT_MS
    for (const offset of [agrees ? kept : undefined, producer, server]) {
      const gapMs = offset === undefined ? Number.NaN : offset - closed
      if (gapMs >= -AGREEMENT_MS && gapMs <= LONGEST_GAP_MS) return closed + Math.max(0, gapMs)
    }
    return closed
  }
}
