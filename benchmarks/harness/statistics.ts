import type { Metrics, Results, Run } from './question.ts'

/** The middle value; the lower of the two in the middle. `NaN` of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest value that so large a part of the values does not exceed: nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

/** The slope of the straight line that fits best: how much y grows with each x. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = sum(points.map(([x]) => x)) / points.length
  const meanY = sum(points.map(([, y]) => y)) / points.length
  return sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / sum(points.map(([x]) => (x - meanX) ** 2))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The error of a case that nobody ran. */
export const NOT_RUN = 'was not run'

/** All runs of one case of one job. */
export class Samples {
  readonly #found: readonly Metrics[]
  /** What it failed with, where every run did. */
  readonly error: string | undefined

  constructor(runs: readonly Run[], job: string, name: string) {
    const results = runs
      .filter(run => run.job === job)
      .map(run => run.results[name] ?? run.results.all ?? { error: NOT_RUN })
    this.#found = results.filter(isMeasured)
    const failed = results.find(result => !isMeasured(result))
    this.error = this.#found.length > 0 || failed === undefined ? undefined : String(failed.error)
  }

  get isMeasured(): boolean {
    return this.#found.length > 0
  }

  /** One value of each run. */
  values(metric: string): number[] {
    return this.#found.flatMap(metrics => {
      const value = metrics[metric]
      return typeof value === 'number' ? [value] : []
    })
  }

  /** The curves of all runs. */
  curves(metric: string): (readonly number[])[] {
    return this.#found.flatMap(metrics => {
      const value = metrics[metric]
      return typeof value === 'object' ? [value] : []
    })
  }

  median(metric: string): number {
    return median(this.values(metric))
  }
}

export function isMeasured(result: Results[string]): result is Metrics {
  return !('error' in result)
}
