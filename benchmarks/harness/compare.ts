import type { Question, Run } from './question.ts'
import { median, Samples } from './statistics.ts'
import { figure, type Table } from './table.ts'

/** This tree beside another commit: each figure's middle of all rounds, and the ratio of each round's pair. */
export function compareTable({ name }: Question, revision: string, runs: readonly Run[]): Table {
  const ours = runs.filter(run => run.revision === undefined)
  const theirs = runs.filter(run => run.revision !== undefined)
  const jobs = [...new Set(theirs.map(run => run.job))]
  return {
    title: `${name}: this tree and ${revision}`,
    head: ['job', 'case', 'figure', 'this tree', revision, 'ratio', 'spread'],
    rows: jobs.flatMap(job => casesOf(ours, job).flatMap(one => rowsOf(job, one, ours, theirs))),
  }
}

function rowsOf(job: string, one: string, ours: readonly Run[], theirs: readonly Run[]): string[][] {
  const [mine, base] = [new Samples(ours, job, one), new Samples(theirs, job, one)]
  const failed = [mine.error ?? '', base.error ?? '']
  if (!mine.isMeasured || !base.isMeasured) return [[job, one, 'failed', ...failed, '', '']]
  const rows = metricsOf(theirs, job, one).map(
    metric => [metric, mine.values(metric), base.values(metric)] as const,
  )
  // What is the same in all rounds tells nothing: bytes, and what was counted.
  const unlike = rows.filter(([, values, baseValues]) => new Set([...values, ...baseValues]).size > 1)
  return unlike.map(([metric, values, baseValues]) => {
    // Who takes long is measured once.
    const ratios = values.map((value, round) => value / (baseValues[round] ?? median(baseValues)))
    const spread = `${figure(Math.min(...ratios))} to ${figure(Math.max(...ratios))}`
    return [
      job,
      one,
      metric,
      figure(median(values)),
      figure(median(baseValues)),
      figure(median(ratios)),
      spread,
    ]
  })
}

function casesOf(runs: readonly Run[], job: string): string[] {
  return [...new Set(runs.filter(run => run.job === job).flatMap(run => Object.keys(run.results)))]
}

function metricsOf(runs: readonly Run[], job: string, one: string): string[] {
  const results = runs.filter(run => run.job === job).map(run => run.results[one] ?? {})
  const names = results.flatMap(result =>
    Object.entries(result).filter(([, value]) => typeof value === 'number'),
  )
  return [...new Set(names.map(([metric]) => metric))].filter(metric => metric !== 'passes')
}
