import { knownOptions, numberOption, optionNames } from '../core/options.ts'

/** `p-retry`'s own terms; the wait before a retry is drawn evenly from zero to the full back-off ("full jitter"). */
export type RetryOptions = {
  /** How many more attempts follow one that failed and brought nothing new; one that did starts the count afresh. @default 24 */
  readonly retries?: number
  /** @default 2 */
  readonly factor?: number
  /** Full back-off before the first retry, in milliseconds. @default 200 */
  readonly minTimeout?: number
  /** Largest back-off, in milliseconds. @default 5000 */
  readonly maxTimeout?: number
}

export type RetryPolicy = Required<RetryOptions>

const OPTIONS = optionNames<RetryOptions>({ retries: true, factor: true, minTimeout: true, maxTimeout: true })

/** Node fires a timer that is set for longer than this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The options with their defaults; throws `OptionError`. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  knownOptions('`retry`', options, OPTIONS, 'retry.')
  return {
    retries: numberOption('retry.retries', options.retries, 24),
    factor: numberOption('retry.factor', options.factor, 2, { min: 1 }),
    minTimeout: numberOption('retry.minTimeout', options.minTimeout, 200, { max: LONGEST_TIMER_MS }),
    maxTimeout: numberOption('retry.maxTimeout', options.maxTimeout, 5000),
  }
}

/** Milliseconds to wait before retry number `retry` (1 for the first). */
export function retryDelayMs(retry: number, policy: RetryPolicy, random: () => number): number {
  // Kept finite: zero times infinity would be no number.
  const growth = Math.min(policy.factor ** (retry - 1), Number.MAX_VALUE)
  const backoff = Math.min(policy.maxTimeout, policy.minTimeout * growth, LONGEST_TIMER_MS)
  return Math.round(random() * backoff)
}
