import {
  checkStartSelector,
  type StartSelector,
  serverTimestampOfFragmentNumber,
} from '../../aws/operations/start-selector.ts'
import type { DeliveredFragment, WholeFragment } from './delivered-fragment.ts'

/**
 * Where the next session may start, best first; the next is taken when the service refuses one.
 * By continuation token, else after the last whole fragment, else by its server time; and, should the service know
 * none of these any more, from the oldest fragment it has: what was delivered before is left out in any case.
 */
export function resumeSelectors(
  original: StartSelector,
  whole: WholeFragment | undefined,
  partial: DeliveredFragment | undefined,
): readonly StartSelector[] {
  if (whole !== undefined) return afterWhole(whole, original)
  return partial === undefined ? ownStart(original) : atPartial(partial, original)
}

function ownStart(original: StartSelector): readonly StartSelector[] {
  if (original.type !== 'FROM_FRAGMENT') return [original]
  return [original, ...atServerTime(serverTimestampOfFragmentNumber(original.fragmentNumber))]
}

function afterWhole(whole: WholeFragment, original: StartSelector): readonly StartSelector[] {
  const { continuationToken, fragmentNumber, serverTimestamp } = whole
  const selectors = [
    ...(continuationToken === null ? [] : valid({ type: 'CONTINUATION_TOKEN', continuationToken })),
    ...(fragmentNumber === null
      ? []
      : valid({ type: 'FRAGMENT_NUMBER', afterFragmentNumber: fragmentNumber })),
    ...atServerTime(serverTimestamp ?? undefined),
  ]
  // Fragments without number and token have no place to go on from, and none to be known again by.
  if (selectors.length === 0) return [original]
  return fragmentNumber === null ? selectors : [...selectors, { type: 'EARLIEST' }]
}

/**
 * Nothing is whole yet. NOW would be another moment by now; any other start is asked for again, and when that is
 * gone meanwhile, the fragment that was being read, by its own marks.
 */
function atPartial({ start }: DeliveredFragment, original: StartSelector): readonly StartSelector[] {
  const { fragmentNumber, serverTimestamp } = start
  const byTime = atServerTime(serverTimestamp ?? undefined)
  if (fragmentNumber === null)
    return original.type === 'NOW' ? [...byTime, original] : [...ownStart(original), ...byTime]
  return distinct([
    ...(original.type === 'NOW' ? [] : ownStart(original)),
    ...valid({ type: 'FROM_FRAGMENT', fragmentNumber }),
    ...byTime,
    { type: 'EARLIEST' },
  ])
}

function atServerTime(timestamp: Date | undefined): readonly StartSelector[] {
  return timestamp === undefined ? [] : valid({ type: 'SERVER_TIMESTAMP', timestamp })
}

/** What came in a payload may break the API's own patterns; such a selector would be refused before it is sent. */
function valid(selector: StartSelector): readonly StartSelector[] {
  try {
    return [checkStartSelector(selector)]
  } catch {
    return []
  }
}

function distinct(selectors: readonly StartSelector[]): readonly StartSelector[] {
  return [...new Map(selectors.map(selector => [JSON.stringify(selector), selector])).values()]
}
