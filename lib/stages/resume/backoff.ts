import { numberOption } from '../../options.ts'

/** `p-retry`'s own terms; the wait before a retry is drawn evenly from zero to the full back-off ("full jitter"). */
export type RetryOptions = {
  /** Attempts after the first that may fail in a row; one that delivers a new frame starts the count afresh. @default 24 */
  readonly retries?: number
  /** @default 2 */
  readonly factor?: number
  /** Full back-off before the first retry, in milliseconds. @default 200 */
  readonly minTimeout?: number
  /** Largest back-off, in milliseconds. @default 5000 */
  readonly maxTimeout?: number
}

export type RetryPolicy = Required<RetryOptions>

export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  return {
    retries: numberOption('retry.retries', options.retries, 24),
    factor: numberOption('retry.factor', options.factor, 2, { min: 1 }),
    minTimeout: numberOption('retry.minTimeout', options.minTimeout, 200),
    maxTimeout: numberOption('retry.maxTimeout', options.maxTimeout, 5000),
  }
}

/** Milliseconds to wait before retry number `retry` (1 for the first). */
export function retryDelayMs(retry: number, policy: RetryPolicy, random: () => number): number {
  const backoff = Math.min(policy.maxTimeout, policy.minTimeout * policy.factor ** (retry - 1))
  return Math.round(random() * backoff)
}
