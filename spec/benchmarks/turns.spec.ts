import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { Build } from '../../benchmarks/harness/build.ts'
import type { Job } from '../../benchmarks/harness/question.ts'
import { runTurns } from '../../benchmarks/harness/turns.ts'
import { scratch } from '../outputs/media.ts'
import type { CountingParams } from '../support/counting-contender.ts'

/** The sources themselves. */
const build: Build = { url: path => new URL(`../../${path}`, import.meta.url).href }
const QUICK = 10
const LONG = 1000

async function runsOf(contenders: Readonly<Record<string, CountingParams['cases']>>, rounds: number) {
  await using directory = await scratch()
  const log = directory.file('log')
  const jobs = Object.entries(contenders).map(
    ([id, cases]): Job => ({
      id,
      module: 'spec/support/counting-contender.ts',
      params: { name: id, log, cases } satisfies CountingParams,
      usesLibrary: false,
      nodeOptions: ['--import', 'tsx'],
    }),
  )
  const runs = await runTurns(jobs, [{ build }], rounds)
  return { runs, turns: (await readFile(log, 'utf8')).trim().split('\n') }
}

describe('runTurns', () => {
  it('warms all up, then lets them take turns, in the other order every second round', async () => {
    const { runs, turns } = await runsOf({ a: { x: QUICK }, b: { x: QUICK } }, 2)
    assert.deepEqual(turns, ['a x', 'b x', 'a x', 'b x', 'b x', 'a x'])
    assert.deepEqual(runs, [
      { job: 'a', round: 0, results: { x: { cpuMs: QUICK } } },
      { job: 'a', round: 1, results: { x: { cpuMs: QUICK } } },
      { job: 'b', round: 0, results: { x: { cpuMs: QUICK } } },
      { job: 'b', round: 1, results: { x: { cpuMs: QUICK } } },
    ])
  })

  it('measures case after case, each with those who have it', async () => {
    const { turns } = await runsOf({ a: { x: QUICK, y: QUICK }, b: { y: QUICK } }, 1)
    assert.deepEqual(turns, ['a x', 'a x', 'a y', 'b y', 'a y', 'b y'])
  })

  it('takes what is long, or fails, once', async () => {
    const { runs, turns } = await runsOf({ a: { x: LONG, y: null }, b: { x: QUICK } }, 2)
    assert.deepEqual(turns, ['a x', 'b x', 'b x', 'b x', 'a y'])
    assert.deepEqual(runs[0], {
      job: 'a',
      round: 0,
      results: { x: { cpuMs: LONG }, y: { error: 'it broke' } },
    })
  })
})
