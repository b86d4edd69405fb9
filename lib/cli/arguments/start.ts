import { InvalidArgumentError } from 'commander'
import type { StartSelector } from '../../index.ts'

export const START_HELP =
  'now | earliest | fragment:N (from N itself) | after:N | token:T | producer-time:T | server-time:T (T: ISO 8601 or epoch seconds)'

/** Parses `--start`. Lengths and patterns are checked by the selector itself. */
export function parseStart(text: string): StartSelector {
  const at = text.indexOf(':')
  const kind = at === -1 ? text : text.slice(0, at)
  const value = at === -1 ? '' : text.slice(at + 1)
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  const takesValue = kind !== 'now' && kind !== 'earliest'
  if (make === undefined || takesValue !== (value !== ''))
    throw new InvalidArgumentError(`Use one of: ${START_HELP}.`)
  return make(value)
}

const KINDS: Readonly<Record<string, (value: string) => StartSelector>> = {
  now: () => ({ type: 'NOW' }),
  earliest: () => ({ type: 'EARLIEST' }),
  fragment: fragmentNumber => ({ type: 'FROM_FRAGMENT', fragmentNumber }),
  after: afterFragmentNumber => ({ type: 'FRAGMENT_NUMBER', afterFragmentNumber }),
  token: continuationToken => ({ type: 'CONTINUATION_TOKEN', continuationToken }),
  'producer-time': value => ({ type: 'PRODUCER_TIMESTAMP', timestamp: parseTime(value) }),
  'server-time': value => ({ type: 'SERVER_TIMESTAMP', timestamp: parseTime(value) }),
}

/** Epoch seconds with up to ten digits before the point; a millisecond count, the usual slip, is told apart by its length. */
function parseTime(text: string): Date {
  if (/^\d{1,11}(\.\d+)?$/.test(text)) return new Date(Math.round(Number(text) * 1000))
  if (/^\d{12,}$/.test(text)) {
    throw new InvalidArgumentError(
      `${text} looks like milliseconds; give epoch seconds: ${Number(text) / 1000}.`,
    )
  }
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError(
      `${text} is no time; use ISO 8601 (2026-01-31T12:00:00Z) or epoch seconds.`,
    )
  }
  return time
}
