import type { FragmentEnd, FragmentFrame, FragmentStart } from '../events.ts'
import { type FramePrint, framePrint } from './frame-print.ts'

/**
 * A fragment whose start, and some of whose frames, the reader has been given. What is kept of its frames goes when
 * it is over: the service's fragments last 20 s and hold 50 MB at most.
 */
export class DeliveredFragment {
  readonly start: FragmentStart
  readonly frames: FramePrint[] = []
  /** Sessions that ended behind its last frame without its token. */
  looksAtEnd = 0
  #firstMs = Number.POSITIVE_INFINITY
  #endMs = Number.NEGATIVE_INFINITY

  constructor(start: FragmentStart, frames: readonly FramePrint[] = []) {
    this.start = start
    for (const frame of frames) this.#add(frame, undefined)
  }

  add(frame: FragmentFrame): void {
    this.#add(framePrint(frame), frame.durationMs)
    this.looksAtEnd = 0
  }

  /** From its earliest frame to the end of its last, as far as that is known. */
  get durationMs(): number {
    return Math.max(0, this.#endMs - this.#firstMs)
  }

  #add(print: FramePrint, durationMs: number | undefined): void {
    this.frames.push(print)
    this.#firstMs = Math.min(this.#firstMs, print.timestampMs)
    this.#endMs = Math.max(this.#endMs, print.timestampMs + (durationMs ?? 0))
  }
}

/** The last fragment that the reader has whole: where the next session starts. */
export type WholeFragment = {
  readonly fragmentNumber: string | null
  readonly continuationToken: string | null
  readonly serverTimestamp: Date | null
  readonly producerTimestamp: Date | null
  readonly durationMs: number
}

export function wholeFragment(fragment: DeliveredFragment, end: FragmentEnd): WholeFragment {
  const { serverTimestamp, producerTimestamp } = fragment.start
  const { fragmentNumber, continuationToken } = end
  return {
    fragmentNumber,
    continuationToken,
    serverTimestamp,
    producerTimestamp,
    durationMs: fragment.durationMs,
  }
}

/** Compares fragment numbers, which are opaque but for their order; `undefined` where one is no number. */
export function compareFragmentNumbers(a: string | null, b: string | null): number | undefined {
  if (a === null || b === null || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined
  const difference = BigInt(a) - BigInt(b)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}
