import type { StoredFragment } from '../streams/fragment.ts'

/** The times by which fragments are ordered, beside their numbers. */
export type TimeOrder = 'server' | 'producer'

/** A part of the time order; both ends are included. */
export type TimeRange = {
  /** @default from the beginning */
  readonly fromMs?: number
  /** @default to the end */
  readonly toMs?: number
  /** Latest first, and of equal times the greatest number first. @default false */
  readonly reverse?: boolean
}

/**
 * An ordered table of one stream's fragments: by number, by server time and by producer time. Reads are synchronous
 * and see every fragment whose `add` has resolved. Of equal times the lesser number comes first.
 */
export interface FragmentTable {
  /** Adds a fragment whose number is not there yet. Resolves when it can be read, and is as safe as the table makes it. */
  add(fragment: StoredFragment): Promise<void>
  get(number: bigint): StoredFragment | undefined
  /** The fragment with the least number that is greater. */
  after(number: bigint): StoredFragment | undefined
  newest(): StoredFragment | undefined
  /** In the order of a time. */
  byTime(order: TimeOrder, range?: TimeRange): Iterable<StoredFragment>
  /** Takes one out; for a number that is not there it does nothing. */
  remove(number: bigint): Promise<void>
}

/** A fragment's time in an order. */
export function timeOf(fragment: StoredFragment, order: TimeOrder): number {
  return order === 'server' ? fragment.serverTimestampMs : fragment.producerTimestampMs
}

/** Less than every fragment number. */
export const BEFORE_ALL = -1n
