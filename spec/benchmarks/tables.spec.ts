import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareTable } from '../../benchmarks/harness/compare.ts'
import { between } from '../../benchmarks/harness/page.ts'
import type { Run } from '../../benchmarks/harness/question.ts'
import { figure, spread, toMarkdown } from '../../benchmarks/harness/table.ts'
import { atLeast, atMost } from '../../benchmarks/harness/target.ts'

describe('figure', () => {
  const cases: [value: number, text: string][] = [
    [0.01234, '0.012'],
    [1.234, '1.23'],
    [12.34, '12.3'],
    [1234.5, '1,235'],
    [0, '0'],
    [Number.NaN, '–'],
  ]
  for (const [value, text] of cases) it(`writes ${value} as ${text}`, () => assert.equal(figure(value), text))
})

describe('spread', () => {
  it('tells how far the runs lie apart, where there are several', () => {
    assert.equal(spread(2, [1, 2, 3]), '2.00 (1.00 to 3.00)')
    assert.equal(spread(2, [2]), '2.00')
  })
})

describe('toMarkdown', () => {
  it('keeps a cell in its column', () => {
    const table = { title: 'T', head: ['a', 'b'], rows: [['x | y', 'two\nlines']] }
    assert.equal(toMarkdown(table), '**T**\n\n| a | b |\n| --- | ---: |\n| x \\| y | two lines |')
  })
})

describe('between', () => {
  const page = 'Before.\n<!-- bench:demux -->old<!-- /bench:demux -->\nAfter.\n'

  it('changes what is between the markers and nothing else', () => {
    const changed = between(page, 'demux', 'new')
    assert.equal(changed, 'Before.\n<!-- bench:demux -->\n\nnew\n\n<!-- /bench:demux -->\nAfter.\n')
    assert.equal(between(changed, 'demux', 'new'), changed)
  })

  it('fails where the page has no place for it', () => {
    assert.throws(() => between(page, 'session', 'new'), /no place for session/)
  })
})

describe('targets', () => {
  it('are reached at the goal, and not by what could not be measured', () => {
    assert.equal(atMost('w', 1.25, 1.25).isReached, true)
    assert.equal(atMost('w', 1.25, 1.26).isReached, false)
    assert.equal(atLeast('w', 2, 2).isReached, true)
    assert.equal(atMost('w', 1.25, Number.NaN).isReached, false)
    assert.equal(atLeast('w', 2, Number.NaN).isReached, false)
  })
})

describe('compareTable', () => {
  const question = { name: 'demux', asks: '', rounds: 1, prepare: fail, report: fail }
  const run = (round: number, cpuMs: number, revision?: string): Run => ({
    job: 'getmedia',
    round,
    ...(revision === undefined ? {} : { revision }),
    results: { small: { cpuMs, counted: 500, passes: round } },
  })

  it("sets each round's pair side by side, and leaves out what is the same in all", () => {
    const runs = [
      run(0, 10),
      run(0, 20, 'main'),
      run(1, 30),
      run(1, 20, 'main'),
      run(2, 20),
      run(2, 20, 'main'),
    ]
    const { rows } = compareTable(question, 'main', runs)
    assert.deepEqual(rows, [['getmedia', 'small', 'cpuMs', '20.0', '20.0', '1.00', '0.500 to 1.50']])
  })

  it('sets the one figure of who was measured once beside all of the other', () => {
    const runs = [run(0, 10), run(1, 30), run(0, 20, 'main')]
    const { rows } = compareTable(question, 'main', runs)
    assert.deepEqual(rows, [['getmedia', 'small', 'cpuMs', '10.0', '20.0', '0.500', '0.500 to 1.50']])
  })

  it('says what failed', () => {
    const failed: Run = {
      job: 'getmedia',
      round: 0,
      revision: 'main',
      results: { small: { error: 'no export' } },
    }
    const { rows } = compareTable(question, 'main', [run(0, 10), failed])
    assert.deepEqual(rows, [['getmedia', 'small', 'failed', '', 'no export', '', '']])
  })
})

function fail(): never {
  throw new Error('not called')
}
