import { type TimeOrder, timeOf } from '../storage/fragment-table.ts'
import type { StoredFragment } from '../streams/fragment.ts'

/** The fragments that a ListFragments call is about; both ends are included, by the fragments' start. */
export type FragmentRange = { readonly order: TimeOrder; readonly fromMs: number; readonly toMs: number }

/** Where the next page starts: in which half, and behind which fragment. */
export type PagePosition = { readonly half: 0 | 1; readonly atMs: number; readonly behind: bigint }

/** One page, and where the next one starts: `undefined` behind the last. */
export type FragmentPage = {
  readonly fragments: readonly StoredFragment[]
  readonly next: PagePosition | undefined
}

/** What pages are made from: a stream's stored fragments. */
export type TimeOrderedFragments = {
  byTime(order: TimeOrder, range: { fromMs: number; toMs: number }): Iterable<StoredFragment>
}

/**
 * One page of the fragments of a range, in no order that a client could rely on, nor its pages in one: half of
 * the fragments come first, and then the others from the beginning again; and each page is shuffled. The same
 * fragments come in the same places each time. Reads no more than a page and what lies between its fragments.
 */
export function readPage(
  store: TimeOrderedFragments,
  range: FragmentRange,
  size: number,
  start: PagePosition = { half: 0, atMs: range.fromMs, behind: -1n },
): FragmentPage {
  const fragments: StoredFragment[] = []
  for (const fragment of fromPosition(store, range, start)) {
    if (fragments.length === size) {
      const last = fragments.at(-1)!
      const next = { half: halfOf(last), atMs: timeOf(last, range.order), behind: last.number }
      return { fragments: shuffle(fragments), next }
    }
    fragments.push(fragment)
  }
  return { fragments: shuffle(fragments), next: undefined }
}

function* fromPosition(
  store: TimeOrderedFragments,
  range: FragmentRange,
  { half, atMs, behind }: PagePosition,
): Generator<StoredFragment> {
  for (const fragment of store.byTime(range.order, { fromMs: atMs, toMs: range.toMs })) {
    const wasBefore = timeOf(fragment, range.order) === atMs && fragment.number <= behind
    if (!wasBefore && halfOf(fragment) === half) yield fragment
  }
  if (half === 0) yield* fromPosition(store, range, { half: 1, atMs: range.fromMs, behind: -1n })
}

/** Never in the order of the numbers, so that no client comes to rely on it. */
function shuffle(fragments: readonly StoredFragment[]): readonly StoredFragment[] {
  const shuffled = [...fragments].sort((a, b) => scramble(a.number) - scramble(b.number))
  const isSorted = shuffled.every(
    (fragment, index) => index === 0 || shuffled[index - 1]!.number < fragment.number,
  )
  return isSorted ? shuffled.reverse() : shuffled
}

function halfOf(fragment: StoredFragment): 0 | 1 {
  return (scramble(fragment.number) & 0x8000) === 0 ? 0 : 1
}

/** FNV-1a over the digits: the same for the same number, and without any order. */
function scramble(number: bigint): number {
  let hash = 0x811c9dc5
  for (const digit of String(number)) hash = Math.imul(hash ^ digit.charCodeAt(0), 0x01000193)
  return hash >>> 0
}
