import { CONTINUATION_TOKEN, FRAGMENT_NUMBER } from '../server/members.ts'
import type { RequestOf } from '../server/request-schema.ts'
import { invalidArgument } from '../server/service-exception.ts'
import type { UnknownFragment } from '../settings.ts'
import type { FragmentStore } from '../storage/fragment-store.ts'
import { BEFORE_ALL, timeOf } from '../storage/fragment-table.ts'
import type { StoredFragment } from './fragment.ts'

/** The declared form of a request's StartSelector. */
export const START_SELECTOR = {
  type: 'structure',
  required: true,
  members: {
    StartSelectorType: {
      type: 'string',
      required: true,
      choices: [
        'FRAGMENT_NUMBER',
        'SERVER_TIMESTAMP',
        'PRODUCER_TIMESTAMP',
        'NOW',
        'EARLIEST',
        'CONTINUATION_TOKEN',
      ],
    },
    AfterFragmentNumber: FRAGMENT_NUMBER,
    StartTimestamp: { type: 'number', min: 0 },
    ContinuationToken: CONTINUATION_TOKEN,
  },
  companions: {
    member: 'StartSelectorType',
    needs: {
      FRAGMENT_NUMBER: 'AfterFragmentNumber',
      SERVER_TIMESTAMP: 'StartTimestamp',
      PRODUCER_TIMESTAMP: 'StartTimestamp',
      CONTINUATION_TOKEN: 'ContinuationToken',
    },
  },
} as const

/** A StartSelector that has passed the check. */
export type StartSelector = RequestOf<(typeof START_SELECTOR)['members']>

/** Where a session starts: at the first fragment with a greater number; or nowhere, as the named one is not stored. */
export type StartPosition =
  | { readonly after: bigint; readonly notFound?: undefined }
  | { readonly notFound: string }

/**
 * Finds where a selector starts among the stored fragments.
 *
 * | selector | start |
 * |---|---|
 * | NOW | the newest fragment, then what arrives |
 * | EARLIEST | the oldest |
 * | FRAGMENT_NUMBER, CONTINUATION_TOKEN | the one after it |
 * | *_TIMESTAMP | the one that contains the time, else the first later one, else what arrives |
 *
 * @throws ServiceException for a token that this service never gave: it gives numbers
 */
export function findStart(
  selector: StartSelector,
  fragments: FragmentStore,
  unknownFragment: UnknownFragment,
): StartPosition {
  const newest = fragments.newest()?.number
  switch (selector.StartSelectorType) {
    case 'EARLIEST':
      return { after: BEFORE_ALL }
    case 'NOW':
      return { after: newest === undefined ? BEFORE_ALL : newest - 1n }
    case 'FRAGMENT_NUMBER':
      return afterNumber(selector.AfterFragmentNumber!, fragments, unknownFragment)
    case 'CONTINUATION_TOKEN':
      return afterToken(selector.ContinuationToken!, fragments, unknownFragment)
    case 'SERVER_TIMESTAMP':
    case 'PRODUCER_TIMESTAMP': {
      const found = findByTime(selector, fragments)
      return { after: found === undefined ? (newest ?? BEFORE_ALL) : found.number - 1n }
    }
  }
}

function afterNumber(
  digits: string,
  fragments: FragmentStore,
  unknownFragment: UnknownFragment,
): StartPosition {
  const number = BigInt(digits)
  const isUnknown = unknownFragment === 'error-tag' && !fragments.has(number)
  return isUnknown ? { notFound: digits } : { after: number }
}

function afterToken(
  token: string,
  fragments: FragmentStore,
  unknownFragment: UnknownFragment,
): StartPosition {
  if (/^[0-9]+$/.test(token)) return afterNumber(token, fragments, unknownFragment)
  throw invalidArgument(`The continuation token ${token} is invalid`)
}

/** The last fragment that began by then, if it holds the time; else the first later one. */
function findByTime(selector: StartSelector, fragments: FragmentStore): StoredFragment | undefined {
  const startMs = selector.StartTimestamp! * 1000
  const order = selector.StartSelectorType === 'SERVER_TIMESTAMP' ? 'server' : 'producer'
  const begun = firstOf(fragments.byTime(order, { toMs: startMs, reverse: true }))
  const isContained = begun !== undefined && startMs < timeOf(begun, order) + begun.durationMs
  if (isContained) return firstOf(fragments.byTime(order, { fromMs: timeOf(begun, order) }))
  return firstOf(fragments.byTime(order, { fromMs: Math.floor(startMs) + 1 }))
}

function firstOf(fragments: Iterable<StoredFragment>): StoredFragment | undefined {
  for (const fragment of fragments) return fragment
  return undefined
}
