import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { between, summary } from '../../benchmarks/harness/page.ts'
import { keptResults } from '../../benchmarks/harness/results.ts'
import { QUESTIONS } from '../../benchmarks/questions/index.ts'

const page = await readFile(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8')

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')

describe('docs/benchmarks.md', () => {
  it('begins with what came of all goals, as the README has it', async () => {
    const kept = await Promise.all(QUESTIONS.map(({ name }) => keptResults(name)))
    const targets = QUESTIONS.flatMap((question, index) => question.report(kept[index]!.runs).targets)
    assert.equal(targets.length > 10, true)
    for (const text of [page, readme]) assert.equal(text.includes(summary(targets)), true)
  })

  for (const question of QUESTIONS) {
    it(`asks what ${question.name} answers, and has its place`, () => {
      assert.equal(page.includes(`## ${question.asks}\n`), true)
      assert.notEqual(between(page, question.name, 'something new'), page)
    })

    it(`has the kept results of ${question.name}, from which tables and targets can be made again`, async () => {
      const kept = await keptResults(question.name)
      assert.notEqual(kept, undefined)
      const { tables, targets } = question.report(kept!.runs)
      assert.equal(tables.length > 0, true)
      for (const { rows } of tables) for (const row of rows) assert.equal(row.length > 1, true)
      for (const { found } of targets) assert.equal(page.includes(found), true, found)
    })
  }
})
