import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { killRound } from '../support/kill-rounds.ts'

const ROUNDS = 5

describe('a service that is killed while fragments are put', () => {
  it('has every fragment that was PERSISTED, whole and in order, and starts again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'getmedia-spec-'))
    const problems: string[] = []
    let persisted = 0
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const result = await killRound(directory, 1, round)
        problems.push(...result.problems)
        persisted += result.persisted
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
    assert.deepEqual(problems, [])
    assert.ok(persisted >= ROUNDS)
  })
})
