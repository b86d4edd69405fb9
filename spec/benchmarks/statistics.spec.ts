import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Results, Run } from '../../benchmarks/harness/question.ts'
import { median, NOT_RUN, quantile, Samples, slope } from '../../benchmarks/harness/statistics.ts'

describe('quantile', () => {
  it('is one of the values: the smallest that so large a part does not exceed', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (given, part) => {
        const found = quantile(given, part)
        const within = given.filter(value => value <= found).length
        const below = given.filter(value => value < found).length
        return (
          given.includes(found) &&
          within >= part * given.length &&
          (below === 0 || below < part * given.length)
        )
      }),
    )
  })

  it('is no number where there are no values', () => {
    assert.equal(median([]), Number.NaN)
  })
})

describe('slope', () => {
  it('is how much y grows with each x', () => {
    assert.equal(slope([1, 3, 8].map(x => [x, 3 * x + 7] as const)), 3)
  })
})

describe('Samples', () => {
  const run = (round: number, results: Results): Run => ({ job: 'reader', round, results })

  it('gathers one case of one job over all rounds', () => {
    const runs = [
      run(0, { small: { cpuMs: 3 }, large: { cpuMs: 30 } }),
      run(1, { small: { cpuMs: 1 } }),
      { job: 'other', round: 0, results: { small: { cpuMs: 100 } } },
      run(2, { small: { cpuMs: 2, curve: [1, 2] } }),
    ]
    const samples = new Samples(runs, 'reader', 'small')
    assert.deepEqual(samples.values('cpuMs'), [3, 1, 2])
    assert.equal(samples.median('cpuMs'), 2)
    assert.deepEqual(samples.curves('curve'), [[1, 2]])
    assert.equal(samples.error, undefined)
  })

  it('compares two by the middle one of their rounds, which meet the same machine', () => {
    const times = [
      [1, 2],
      [10, 18],
      [3, 9],
    ]
    const runs = times.flatMap(([reader = 0, other = 0], round) => [
      run(round, { small: { cpuMs: reader } }),
      { ...run(round, { small: { cpuMs: other } }), job: 'other' },
    ])
    const [reader, other] = [new Samples(runs, 'reader', 'small'), new Samples(runs, 'other', 'small')]
    assert.equal(other.ratioTo(reader, 'cpuMs'), 2)
    const once = new Samples([run(0, { small: { cpuMs: 30 } })], 'reader', 'small')
    assert.equal(once.ratioTo(other, 'cpuMs'), 30 / 9)
  })

  it('leaves out the rounds that failed, and fails where all did', () => {
    const failed = { small: { error: 'no such element' } }
    assert.deepEqual(
      new Samples([run(0, failed), run(1, { small: { cpuMs: 4 } })], 'reader', 'small').values('cpuMs'),
      [4],
    )
    assert.equal(new Samples([run(0, failed)], 'reader', 'small').error, 'no such element')
  })

  it('fails every case of a process that ended before it was done', () => {
    assert.equal(new Samples([run(0, { all: { error: 'gone' } })], 'reader', 'small').error, 'gone')
  })

  it('says of a case that nobody ran that it was not run', () => {
    assert.equal(new Samples([run(0, { large: { cpuMs: 1 } })], 'reader', 'small').error, NOT_RUN)
  })
})
