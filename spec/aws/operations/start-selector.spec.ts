import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkStartSelector,
  type StartSelector,
  serverTimestampOfFragmentNumber,
  toWireSelector,
} from '../../../lib/aws/operations/start-selector.ts'
import { OptionError } from '../../../lib/core/errors.ts'

const NUMBER = '91343852333181432392682062607743920146159169392'
const TIME = new Date(1_511_852_109_126)

const SELECTORS: [selector: StartSelector, wire: object][] = [
  [{ type: 'NOW' }, { StartSelectorType: 'NOW' }],
  [{ type: 'EARLIEST' }, { StartSelectorType: 'EARLIEST' }],
  [
    { type: 'FRAGMENT_NUMBER', afterFragmentNumber: NUMBER },
    { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: NUMBER },
  ],
  [
    { type: 'FROM_FRAGMENT', fragmentNumber: NUMBER },
    {
      StartSelectorType: 'FRAGMENT_NUMBER',
      AfterFragmentNumber: '91343852333181432392682062607743920146159169391',
    },
  ],
  [
    { type: 'FROM_FRAGMENT', fragmentNumber: '0100' },
    { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '0099' },
  ],
  [
    { type: 'SERVER_TIMESTAMP', timestamp: TIME },
    { StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: 1511852109.126 },
  ],
  [
    { type: 'PRODUCER_TIMESTAMP', timestamp: new Date(5) },
    { StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: 0.005 },
  ],
  [
    { type: 'CONTINUATION_TOKEN', continuationToken: 'a.B_9-' },
    { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'a.B_9-' },
  ],
]

describe('a start selector', () => {
  for (const [selector, wire] of SELECTORS) {
    it(`${selector.type} becomes the JSON of the API`, () => {
      assert.deepEqual(toWireSelector(checkStartSelector(selector)), wire)
    })
  }

  it('keeps every millisecond when its seconds are printed', () => {
    for (let ms = 0; ms < 1000; ms++) {
      const selector = { type: 'SERVER_TIMESTAMP', timestamp: new Date(1_767_225_600_000 + ms) } as const
      const printed = JSON.stringify(toWireSelector(selector).StartTimestamp)
      assert.equal(Math.round(Number(printed) * 1000), 1_767_225_600_000 + ms)
      assert.match(printed, /^1767225600(\.\d{1,3})?$/)
    }
  })

  it('takes the longest and the shortest that the API takes', () => {
    for (const text of ['1', '9'.repeat(128)]) {
      checkStartSelector({ type: 'FRAGMENT_NUMBER', afterFragmentNumber: text })
      checkStartSelector({ type: 'FROM_FRAGMENT', fragmentNumber: text })
      checkStartSelector({ type: 'CONTINUATION_TOKEN', continuationToken: text })
    }
  })
})

describe('checkStartSelector refuses', () => {
  const after = 'startSelector.afterFragmentNumber'
  const token = 'startSelector.continuationToken'
  const timestamp = 'startSelector.timestamp'
  const cases: [name: string, selector: unknown, option: string, message: RegExp][] = [
    ['nothing', undefined, 'startSelector', /must be an object/],
    ['a string', 'NOW', 'startSelector', /must be an object/],
    ['an array', ['NOW'], 'startSelector', /must be an object/],
    ['no type', {}, 'startSelector.type', /got undefined/],
    ['an unknown type', { type: 'LATEST' }, 'startSelector.type', /one of NOW, EARLIEST.*"LATEST"/],
    ['a type that objects inherit', { type: 'toString' }, 'startSelector.type', /one of/],
    ['a missing number', { type: 'FRAGMENT_NUMBER' }, after, /1 to 128 decimal digits; got undefined/],
    ['an empty number', { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '' }, after, /got ""/],
    ['letters in a number', { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '12a' }, after, /got "12a"/],
    [
      'a line break after a number',
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '12\n' },
      after,
      /digits/,
    ],
    ['129 digits', { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1'.repeat(129) }, after, /1 to 128/],
    [
      'a number as a number',
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: 12 },
      after,
      /given as a string; got 12/,
    ],
    [
      'the fragment before the first',
      { type: 'FROM_FRAGMENT', fragmentNumber: '00' },
      'startSelector.fragmentNumber',
      /at least 1/,
    ],
    ['a missing time', { type: 'SERVER_TIMESTAMP' }, timestamp, /must be a Date; got undefined/],
    [
      'epoch milliseconds',
      { type: 'SERVER_TIMESTAMP', timestamp: 1.5e12 },
      timestamp,
      /new Date\(milliseconds\)/,
    ],
    ['an invalid date', { type: 'PRODUCER_TIMESTAMP', timestamp: new Date('x') }, timestamp, /valid Date/],
    ['a time before 1970', { type: 'PRODUCER_TIMESTAMP', timestamp: new Date(-1) }, timestamp, /1970/],
    ['a missing token', { type: 'CONTINUATION_TOKEN' }, token, /got undefined/],
    ['a token with a slash', { type: 'CONTINUATION_TOKEN', continuationToken: 'a/b' }, token, /got "a\/b"/],
    ['a token of 129', { type: 'CONTINUATION_TOKEN', continuationToken: 'a'.repeat(129) }, token, /1 to 128/],
    ['a surplus token', { type: 'NOW', continuationToken: 'a' }, token, /be absent: NOW has no companion/],
    [
      'the companion of another',
      { type: 'FROM_FRAGMENT', fragmentNumber: '1', afterFragmentNumber: '1' },
      after,
      /takes only `fragmentNumber`/,
    ],
    [
      'a slip of the pen',
      { type: 'NOW', AfterFragmentNumber: '1' },
      'startSelector.AfterFragmentNumber',
      /absent/,
    ],
  ]
  for (const [name, selector, option, message] of cases) {
    it(name, () => {
      assert.throws(
        () => checkStartSelector(selector),
        (error: unknown) =>
          error instanceof OptionError && error.option === option && message.test(error.message),
      )
    })
  }
})

describe('serverTimestampOfFragmentNumber', () => {
  it('reads the time out of real numbers', () => {
    // Chunks 1 and 3 of a capture, whose SERVER_TIMESTAMP tags are 1511852109.126 and 1511852112.487.
    assert.equal(serverTimestampOfFragmentNumber(NUMBER)?.getTime(), 1_511_852_109_126)
    assert.equal(
      serverTimestampOfFragmentNumber('91343852333181432402585582922026963247510532162')?.getTime(),
      1_511_852_112_487,
    )
  })

  it('knows nothing of a number of another shape', () => {
    for (const text of [
      '',
      '12',
      'x',
      String(1n << 156n),
      String((1n << 157n) + (1_511_852_109_126n << 28n)),
      '9'.repeat(128),
    ]) {
      assert.equal(serverTimestampOfFragmentNumber(text), undefined)
    }
  })
})

describe('the type StartSelector', () => {
  it('takes each selector with its own companion and no other', () => {
    const accepted: StartSelector[] = [
      { type: 'NOW' },
      { type: 'EARLIEST' },
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1' },
      { type: 'FROM_FRAGMENT', fragmentNumber: '1' },
      { type: 'SERVER_TIMESTAMP', timestamp: new Date() },
      { type: 'PRODUCER_TIMESTAMP', timestamp: new Date() },
      { type: 'CONTINUATION_TOKEN', continuationToken: 'a' },
    ]
    const surplus = { continuationToken: 'a' }
    const refused: StartSelector[] = [
      // @ts-expect-error a missing companion
      { type: 'FRAGMENT_NUMBER' },
      // @ts-expect-error a missing companion
      { type: 'FROM_FRAGMENT' },
      // @ts-expect-error a missing companion
      { type: 'SERVER_TIMESTAMP' },
      // @ts-expect-error a missing companion
      { type: 'PRODUCER_TIMESTAMP' },
      // @ts-expect-error a missing companion
      { type: 'CONTINUATION_TOKEN' },
      // @ts-expect-error a surplus companion
      { type: 'NOW', continuationToken: 'a' },
      // @ts-expect-error a surplus companion
      { type: 'EARLIEST', timestamp: new Date() },
      // @ts-expect-error a surplus companion, which comes by a spread and so is no excess property
      { type: 'NOW', ...surplus },
      // @ts-expect-error a surplus companion
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1', fragmentNumber: '1' },
      // @ts-expect-error a surplus companion
      { type: 'SERVER_TIMESTAMP', timestamp: new Date(), ...surplus },
      // @ts-expect-error the companion of another
      { type: 'CONTINUATION_TOKEN', afterFragmentNumber: '1' },
      // @ts-expect-error epoch milliseconds are no Date
      { type: 'SERVER_TIMESTAMP', timestamp: 1 },
      // @ts-expect-error an unknown type
      { type: 'LATEST' },
    ]
    for (const selector of accepted) assert.equal(checkStartSelector(selector), selector)
    for (const selector of refused) assert.throws(() => checkStartSelector(selector), OptionError)
  })
})
