import {
  checkStartSelector,
  type StartSelector,
  serverTimestampOfFragmentNumber,
} from '../../aws/start-selector.ts'
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
  if (partial !== undefined && original.type === 'NOW') return [...atFragment(partial), original]
  if (original.type === 'FROM_FRAGMENT')
    return [original, ...atServerTime(serverTimestampOfFragmentNumber(original.fragmentNumber))]
  return [original]
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
  return selectors.length === 0 ? [original] : [...selectors, { type: 'EARLIEST' }]
}

/** NOW would be another moment by now: the fragment that was being read is asked for by its own marks. */
function atFragment({ start }: DeliveredFragment): readonly StartSelector[] {
  const { fragmentNumber, serverTimestamp } = start
  return [
    ...(fragmentNumber === null ? [] : valid({ type: 'FROM_FRAGMENT', fragmentNumber })),
    ...atServerTime(serverTimestamp ?? undefined),
  ]
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
