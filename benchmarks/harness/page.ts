import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './build.ts'
import { draw } from './chart.ts'
import { describeMachine } from './machine.ts'
import type { Question, Target } from './question.ts'
import { type Kept, keptResults } from './results.ts'
import { type Table, toMarkdown } from './table.ts'

const PAGE = join(ROOT, 'docs/benchmarks.md')
const README = join(ROOT, 'README.md')

/** Draws the question's picture, and writes its tables into its place on the page. */
export async function publish(question: Question, kept: Kept): Promise<void> {
  const { name } = question
  const { tables, targets, chart } = question.report(kept.runs)
  await mkdir(join(ROOT, 'docs/benchmarks'), { recursive: true })
  await writeFile(join(ROOT, `docs/benchmarks/${name}.svg`), draw(chart))
  const parts = [
    ...(targets.length === 0 ? [] : [toMarkdown(targetTable(targets))]),
    `![${chart.title}](benchmarks/${name}.svg)`,
    ...tables.map(toMarkdown),
    `${describeMachine(kept.machine)}. Every run: \`benchmarks/results/${name}.json\`.`,
  ]
  await writeFile(PAGE, between(await readFile(PAGE, 'utf8'), name, parts.join('\n\n')))
}

/** Writes what was set as a goal, and what came of it, to the head of the page and into the README. */
export async function publishSummary(questions: readonly Question[]): Promise<void> {
  const kept = await Promise.all(questions.map(async one => [one, await keptResults(one.name)] as const))
  const text = summary(
    kept.flatMap(([question, results]) =>
      results === undefined ? [] : question.report(results.runs).targets,
    ),
  )
  for (const path of [PAGE, README]) await writeFile(path, between(await readFile(path, 'utf8'), 'all', text))
}

/** All goals in one table. */
export function summary(targets: readonly Target[]): string {
  const rows = targets.map(({ what, goal, found, isReached }) => [
    what,
    goal,
    isReached ? `**${found}**` : `${found} (not reached)`,
  ])
  return toMarkdown({ title: '', head: ['', 'goal', 'measured'], rows })
}

export function targetTable(targets: readonly Target[]): Table {
  return {
    title: 'Targets',
    head: ['what', 'target', 'this run', 'reached'],
    rows: targets.map(({ what, goal, found, isReached }) => [what, goal, found, isReached ? 'yes' : 'no']),
  }
}

/** The page with `text` between the markers `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. */
export function between(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [page.indexOf(open), page.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}: ${open} … ${close}`)
  return `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`
}
