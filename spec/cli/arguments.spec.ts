import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { parseCount, parseDurationMs, parsePort } from '../../lib/cli/arguments/numbers.ts'
import { parseStart } from '../../lib/cli/arguments/start.ts'

describe('a duration', () => {
  const durations: [text: string, ms: number][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['0.5s', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['10', 10_000],
    ['100', 100_000],
    ['101', 101],
    ['2500', 2500],
  ]
  for (const [text, ms] of durations) it(`${text} is ${ms} ms`, () => assert.equal(parseDurationMs(text), ms))

  for (const text of ['', '0', '0s', '-1', 'soon', '1d', '1e3', ' 5s']) {
    it(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseDurationMs(text), InvalidArgumentError))
  }
})

describe('a count and a port', () => {
  it('are whole numbers in their range', () => {
    assert.deepEqual(
      [parseCount('1'), parseCount('25'), parsePort('0'), parsePort('65535')],
      [1, 25, 0, 65_535],
    )
  })

  for (const text of ['0', '-1', '1.5', 'x', '']) {
    it(`count ${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseCount(text), InvalidArgumentError))
  }

  for (const text of ['65536', '-1', '80.5', 'http', '']) {
    it(`port ${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parsePort(text), InvalidArgumentError))
  }
})

describe('--start', () => {
  const time = new Date('2026-01-31T12:00:00.250Z')
  const starts: [text: string, selector: object][] = [
    ['now', { type: 'NOW' }],
    ['earliest', { type: 'EARLIEST' }],
    ['fragment:123', { type: 'FROM_FRAGMENT', fragmentNumber: '123' }],
    ['after:123', { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '123' }],
    ['token:a.b-c_1', { type: 'CONTINUATION_TOKEN', continuationToken: 'a.b-c_1' }],
    ['producer-time:2026-01-31T12:00:00.250Z', { type: 'PRODUCER_TIMESTAMP', timestamp: time }],
    [`server-time:${time.getTime() / 1000}`, { type: 'SERVER_TIMESTAMP', timestamp: time }],
    ['server-time:0', { type: 'SERVER_TIMESTAMP', timestamp: new Date(0) }],
  ]
  for (const [text, selector] of starts) {
    it(`${text} is ${JSON.stringify(selector)}`, () => assert.deepEqual(parseStart(text), selector))
  }

  const wrong = [
    '',
    'later',
    'now:1',
    'fragment',
    'fragment:',
    'token:',
    'server-time:',
    'server-time:noon',
    'server-time:1769860800250',
  ]
  for (const text of wrong) {
    it(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => parseStart(text), InvalidArgumentError))
  }
})
