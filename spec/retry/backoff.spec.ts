import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryDelayMs, retryPolicy } from '../../lib/retry/backoff.ts'

describe('retryDelayMs', () => {
  it('draws from zero to the full back-off, which grows up to its limit', () => {
    const policy = retryPolicy()
    const delays = [1, 2, 3, 4, 5, 6, 7].map(retry =>
      [0, 0.5, 1].map(draw => retryDelayMs(retry, policy, () => draw)),
    )
    assert.deepEqual(delays, [
      [0, 100, 200],
      [0, 200, 400],
      [0, 400, 800],
      [0, 800, 1600],
      [0, 1600, 3200],
      [0, 2500, 5000],
      [0, 2500, 5000],
    ])
  })

  it('stays a time that a timer can be set for, after any number of failures', () => {
    const endless = retryPolicy({ maxTimeout: Number.POSITIVE_INFINITY })
    const none = retryPolicy({ minTimeout: 0 })
    const delays = [endless, none].map(policy => retryDelayMs(100_000, policy, () => 1))
    assert.deepEqual(delays, [2 ** 31 - 1, 0])
  })
})
