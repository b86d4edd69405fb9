import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killRound } from './support/kill-rounds.ts'

/**
 * Kills the service while fragments are put, again and again, and looks whether every fragment that was acknowledged
 * as PERSISTED is there: `node --import tsx spec/soak-durability.ts [ROUNDS] [SEED]`, 200 rounds unless told otherwise.
 */
const rounds = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? Date.now() % 100_000)
const directory = await mkdtemp(join(tmpdir(), 'getmedia-durability-'))
console.log(`seed ${seed}`)
const totals = { sent: 0, persisted: 0, found: 0, problems: 0 }
for (let round = 0; round < rounds; round++) {
  const { sent, persisted, found, problems } = await killRound(directory, seed, round)
  totals.sent += sent
  totals.persisted += persisted
  totals.found += found
  totals.problems += problems.length
  for (const problem of problems) console.log(`round ${round}: ${problem}`)
  if (round % 20 === 19) console.log(`${round + 1} rounds: ${JSON.stringify(totals)}`)
}
console.log(
  `${rounds} kills: ${totals.persisted} fragments were acknowledged as PERSISTED, ${totals.problems} problems`,
)
await rm(directory, { recursive: true, force: true })
if (totals.problems > 0) process.exitCode = 1
