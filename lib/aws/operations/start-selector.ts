import { OptionError } from '../../core/errors.ts'
import { knownOptions } from '../../core/options.ts'

/** Where a GetMedia session starts. Docs: API_dataplane_StartSelector of the Kinesis Video Streams guide. */
export type StartSelector =
  | NowSelector
  | EarliestSelector
  | FragmentNumberSelector
  | FromFragmentSelector
  | ServerTimestampSelector
  | ProducerTimestampSelector
  | ContinuationTokenSelector

/** All companions, each forbidden unless a selector takes it: a surplus one does not compile either. */
type NoCompanions = {
  readonly afterFragmentNumber?: never
  readonly fragmentNumber?: never
  readonly timestamp?: never
  readonly continuationToken?: never
}

type Selector<Type extends string, Companion extends keyof NoCompanions, Value> = {
  readonly type: Type
} & { readonly [Name in Companion]: Value } & Omit<NoCompanions, Companion>

/** The newest fragment on the stream, then what arrives. */
export type NowSelector = Selector<'NOW', never, never>
/** The oldest fragment that the stream still has. */
export type EarliestSelector = Selector<'EARLIEST', never, never>
/** The fragment after that number: exclusive, whatever older pages of the service say. 1 to 128 digits. */
export type FragmentNumberSelector = Selector<'FRAGMENT_NUMBER', 'afterFragmentNumber', string>
/**
 * That fragment itself, which the API cannot express: it is sent as FRAGMENT_NUMBER with the number before it.
 * Numbers are sparse (they hold a time and random bits), so the fragment after N - 1 is N. Where the service
 * refuses a number that it never gave, start by `serverTimestampOfFragmentNumber` instead.
 */
export type FromFragmentSelector = Selector<'FROM_FRAGMENT', 'fragmentNumber', string>
/** The fragment that the service was receiving at that time. */
export type ServerTimestampSelector = Selector<'SERVER_TIMESTAMP', 'timestamp', Date>
/** The fragment that holds that time on the producer's clock. */
export type ProducerTimestampSelector = Selector<'PRODUCER_TIMESTAMP', 'timestamp', Date>
/** The fragment after the one that carried the token. 1 to 128 of `a-z A-Z 0-9 _ . -`. */
export type ContinuationTokenSelector = Selector<'CONTINUATION_TOKEN', 'continuationToken', string>

/** The JSON of a StartSelector as GetMedia takes it. `StartTimestamp` is in epoch seconds, exact to the millisecond. */
export type WireStartSelector = {
  readonly StartSelectorType:
    | 'NOW'
    | 'EARLIEST'
    | 'FRAGMENT_NUMBER'
    | 'SERVER_TIMESTAMP'
    | 'PRODUCER_TIMESTAMP'
    | 'CONTINUATION_TOKEN'
  readonly AfterFragmentNumber?: string
  readonly StartTimestamp?: number
  readonly ContinuationToken?: string
}

const COMPANIONS = {
  NOW: undefined,
  EARLIEST: undefined,
  FRAGMENT_NUMBER: 'afterFragmentNumber',
  FROM_FRAGMENT: 'fragmentNumber',
  SERVER_TIMESTAMP: 'timestamp',
  PRODUCER_TIMESTAMP: 'timestamp',
  CONTINUATION_TOKEN: 'continuationToken',
} as const

type SelectorType = keyof typeof COMPANIONS

const SELECTOR_FIELDS = ['type', ...Object.values(COMPANIONS).filter(name => name !== undefined)]

/**
 * Checks a selector that may have come from JavaScript or JSON, and gives it back with its type. A companion that
 * is `undefined` counts as absent; any other field is refused, since it would be ignored in silence.
 * Throws `OptionError` with the path of the field, the rule and the value.
 */
export function checkStartSelector(value: unknown, path = 'startSelector'): StartSelector {
  const given = selectorObject(value, path)
  const { type } = given
  knownOptions(`\`${path}\``, given, SELECTOR_FIELDS, `${path}.`)
  const companion = COMPANIONS[type]
  for (const name of Object.keys(given)) {
    if (name === 'type' || name === companion || given[name] === undefined) continue
    const takes = companion === undefined ? 'has no companion' : `takes only \`${companion}\``
    throw new OptionError(`${path}.${name}`, `be absent: ${type} ${takes}`, given[name])
  }
  if (companion !== undefined) CHECKS[companion](`${path}.${companion}`, given[companion])
  // The checks above are what the type says, field by field.
  return value as StartSelector
}

/** The JSON to send for a selector that was checked. */
export function toWireSelector(selector: StartSelector): WireStartSelector {
  switch (selector.type) {
    case 'NOW':
    case 'EARLIEST':
      return { StartSelectorType: selector.type }
    case 'FRAGMENT_NUMBER':
      return { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: selector.afterFragmentNumber }
    case 'FROM_FRAGMENT':
      return {
        StartSelectorType: 'FRAGMENT_NUMBER',
        AfterFragmentNumber: numberBefore(selector.fragmentNumber),
      }
    case 'SERVER_TIMESTAMP':
    case 'PRODUCER_TIMESTAMP':
      // A double holds epoch seconds with three decimals exactly enough that printing gives them back.
      return { StartSelectorType: selector.type, StartTimestamp: selector.timestamp.getTime() / 1000 }
    case 'CONTINUATION_TOKEN':
      return { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: selector.continuationToken }
  }
}

/**
 * When the service began to receive the fragment, read out of its number; `undefined` where the number is not of
 * the known shape. The shape is inferred from captures of 2017 to 2025, not documented: an integer of 157 bits,
 * `1 << 156 | sequence << 92 | epoch milliseconds << 28 | 28 random bits`. Good for a second try, not for facts.
 */
export function serverTimestampOfFragmentNumber(fragmentNumber: string): Date | undefined {
  if (!/^[0-9]{1,128}$/.test(fragmentNumber)) return undefined
  const value = BigInt(fragmentNumber)
  if (value >> 156n !== 1n) return undefined
  const epochMs = Number((value >> 28n) & ((1n << 64n) - 1n))
  // The service opened in November 2017; a time before it, or after 2100, says that the shape is another.
  if (epochMs < Date.UTC(2017, 0, 1) || epochMs > Date.UTC(2100, 0, 1)) return undefined
  return new Date(epochMs)
}

/** Leading zeros stay: a fragment number is text, and its length may count. */
function numberBefore(fragmentNumber: string): string {
  return String(BigInt(fragmentNumber) - 1n).padStart(fragmentNumber.length, '0')
}

type GivenSelector = { readonly type: SelectorType } & Readonly<Record<string, unknown>>

function selectorObject(value: unknown, path: string): GivenSelector {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError(path, "be an object such as { type: 'NOW' }", value)
  }
  const type: unknown = 'type' in value ? value.type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(COMPANIONS, type)) {
    throw new OptionError(`${path}.type`, `be one of ${Object.keys(COMPANIONS).join(', ')}`, type)
  }
  return value as GivenSelector
}

const CHECKS = {
  afterFragmentNumber: checkDigits,
  fragmentNumber(path: string, value: unknown): void {
    checkDigits(path, value)
    if (/^0+$/.test(value)) throw new OptionError(path, 'be at least 1', value)
  },
  timestamp(path: string, value: unknown): void {
    if (!(value instanceof Date)) {
      const hint = typeof value === 'number' ? ' (for epoch milliseconds: new Date(milliseconds))' : ''
      throw new OptionError(path, `be a Date${hint}`, value)
    }
    if (Number.isNaN(value.getTime())) throw new OptionError(path, 'be a valid Date', 'Invalid Date')
    if (value.getTime() < 0) throw new OptionError(path, 'not be before 1970', value)
  },
  continuationToken(path: string, value: unknown): void {
    if (typeof value !== 'string' || !/^[a-zA-Z0-9_.-]{1,128}$/.test(value)) {
      throw new OptionError(path, 'be 1 to 128 characters of a-z, A-Z, 0-9, "_", "." and "-"', value)
    }
  },
}

function checkDigits(path: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && /^[0-9]{1,128}$/.test(value)) return
  const hint = typeof value === 'number' || typeof value === 'bigint' ? ', given as a string' : ''
  throw new OptionError(path, `be 1 to 128 decimal digits${hint}`, value)
}
