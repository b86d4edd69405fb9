import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StartSelector } from '../../../lib/aws/operations/start-selector.ts'
import { DeliveredFragment, type WholeFragment } from '../../../lib/get-media/resume/delivered-fragment.ts'
import { resumeSelectors } from '../../../lib/get-media/resume/resume-selectors.ts'
import { eventsOf, store } from '../../support/scripted-attempts.ts'

const serverTimestamp = new Date(Date.UTC(2026, 0, 1))
const byTime: StartSelector = { type: 'SERVER_TIMESTAMP', timestamp: serverTimestamp }
const earliest: StartSelector = { type: 'EARLIEST' }
const now: StartSelector = { type: 'NOW' }

function whole(change: Partial<WholeFragment>): WholeFragment {
  const base = { fragmentNumber: '7', continuationToken: 't', producerTimestamp: null, durationMs: 0 }
  return { ...base, serverTimestamp, ...change }
}

function partial(number: string | null): DeliveredFragment {
  const [start] = eventsOf(store({ number })[0]!, 'token')
  assert.ok(start?.type === 'fragment-start')
  return new DeliveredFragment({ ...start, serverTimestamp })
}

describe('resumeSelectors', () => {
  const byToken: StartSelector = { type: 'CONTINUATION_TOKEN', continuationToken: 't' }
  const byNumber: StartSelector = { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '7' }
  const from: StartSelector = { type: 'FROM_FRAGMENT', fragmentNumber: '7' }
  const after: StartSelector = { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '6' }
  const cases: readonly [
    string,
    StartSelector,
    WholeFragment | undefined,
    string | null | undefined,
    StartSelector[],
  ][] = [
    ['nothing read: the caller’s own', now, undefined, undefined, [now]],
    ['a whole fragment', now, whole({}), '8', [byToken, byNumber, byTime, earliest]],
    [
      'a whole fragment without token',
      now,
      whole({ continuationToken: null }),
      undefined,
      [byNumber, byTime, earliest],
    ],
    [
      'a token of the wrong pattern',
      now,
      whole({ continuationToken: 'ä' }),
      undefined,
      [byNumber, byTime, earliest],
    ],
    ['a token without a number', now, whole({ fragmentNumber: null }), undefined, [byToken, byTime]],
    [
      'a whole fragment without any mark',
      earliest,
      whole({ fragmentNumber: null, continuationToken: null, serverTimestamp: null }),
      undefined,
      [earliest],
    ],
    ['partly read from NOW', now, undefined, '7', [from, byTime, earliest]],
    ['partly read from NOW, without a number', now, undefined, null, [byTime, now]],
    ['partly read from EARLIEST', earliest, undefined, '7', [earliest, from, byTime]],
    ['partly read from a number', after, undefined, '7', [after, from, byTime, earliest]],
    ['partly read from FROM_FRAGMENT', from, undefined, '7', [from, byTime, earliest]],
  ]
  for (const [name, original, wholeFragment, open, expected] of cases) {
    it(`gives, best first, after ${name}`, () => {
      const fragment = open === undefined ? undefined : partial(open)
      assert.deepEqual(resumeSelectors(original, wholeFragment, fragment), expected)
    })
  }
})
