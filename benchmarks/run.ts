/**
 * Measures: `npm run bench` everything, `npm run bench -- NAME …` some. Each prints its tables, keeps all runs in
 * benchmarks/results/NAME.json, and writes docs/benchmarks.md and docs/benchmarks/NAME.svg anew.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Build, buildTree } from './harness/build.ts'
import { compareTable } from './harness/compare.ts'
import { describeMachine, thisMachine } from './harness/machine.ts'
import { publish, publishSummary, targetTable } from './harness/page.ts'
import type { Question, Run } from './harness/question.ts'
import { keepResults, keptResults } from './harness/results.ts'
import { runRounds, type Variant } from './harness/rounds.ts'
import { toTerminal } from './harness/table.ts'
import { runTurns } from './harness/turns.ts'
import { QUESTIONS } from './questions/index.ts'

const HELP = `npm run bench -- [NAME …] [options]

  NAME             ${QUESTIONS.map(({ name }) => name).join(', ')}; all where none is given
  --rounds N       how often all contenders take turns
  --compare REV    this tree's library beside another commit's; keeps nothing
  --render         makes tables and pictures again of the results that are kept; measures nothing
  --help`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    compare: { type: 'string' },
    render: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const { compare, render } = values
const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
const unknown = positionals.find(name => QUESTIONS.every(question => question.name !== name))
const questions = QUESTIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

if (values.help) console.log(HELP)
else if (unknown !== undefined) refuse(`there is no benchmark ${unknown}`)
else if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) refuse('--rounds takes a count')
else if (render) await renderAll()
else await measureAll()

function refuse(why: string): void {
  console.error(`${why}\n\n${HELP}`)
  process.exitCode = 2
}

async function renderAll(): Promise<void> {
  for (const question of questions) {
    const kept = await keptResults(question.name)
    if (kept === undefined) console.log(`${question.name} has not been measured`)
    else await publish(question, kept)
  }
  await publishSummary(QUESTIONS)
}

async function measureAll(): Promise<void> {
  await using build = await buildTree()
  await using base = compare === undefined ? undefined : await buildTree(compare)
  const variants: Variant[] = [
    { build },
    ...(base === undefined || compare === undefined ? [] : [{ build: base, revision: compare }]),
  ]
  for (const question of questions) {
    console.log(`\n${question.name}: ${question.asks}`)
    const startedAt = performance.now()
    const runs = await measure(question, build, variants)
    console.log(`Measured in ${Math.round((performance.now() - startedAt) / 1000)} s.`)
    if (compare === undefined) await show(question, runs)
    else console.log(toTerminal(compareTable(question, compare, runs)))
  }
  if (compare === undefined) await publishSummary(QUESTIONS)
}

async function measure(question: Question, build: Build, variants: readonly Variant[]): Promise<Run[]> {
  const directory = await mkdtemp(join(tmpdir(), 'getmedia-bench-'))
  try {
    await using prepared = await question.prepare({ build, directory })
    const { jobs } = prepared
    const compared = compare === undefined ? jobs : jobs.filter(({ usesLibrary }) => usesLibrary)
    const runAll = question.takesTurns ? runTurns : runRounds
    return await runAll(compared, variants, rounds ?? question.rounds, tell)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function tell({ job, round, revision = '' }: Run): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[Kround ${round + 1}: ${job} ${revision}\r`)
}

async function show(question: Question, runs: readonly Run[]): Promise<void> {
  await keepResults(question.name, { machine: thisMachine(), runs })
  // Of what is kept, so that `--render` makes the same.
  const kept = await keptResults(question.name)
  if (kept === undefined) throw new Error(`the results of ${question.name} are gone`)
  const { tables, targets } = question.report(kept.runs)
  for (const table of tables) console.log(toTerminal(table))
  if (targets.length > 0) console.log(toTerminal(targetTable(targets)))
  console.log(describeMachine(kept.machine))
  await publish(question, kept)
}
