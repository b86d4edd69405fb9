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
  /** By round. */
  readonly #found: ReadonlyMap<number, Metrics>
  /** What it failed with, where every run did. */
  readonly error: string | undefined

  constructor(runs: readonly Run[], job: string, name: string) {
    const results = runs
      .filter(run => run.job === job)
      .map(run => [run.round, run.results[name] ?? run.results.all ?? { error: NOT_RUN }] as const)
    this.#found = new Map(results.flatMap(([round, result]) => (isMeasured(result) ? [[round, result]] : [])))
    const failed = results.map(([, result]) => result).find(result => !isMeasured(result))
    this.error = this.isMeasured || failed === undefined ? undefined : String(failed.error)
  }

  get isMeasured(): boolean {
    return this.#found.size > 0
  }

  /** One value of each run. */
  values(metric: string): number[] {
    return [...this.#found.values()].flatMap(metrics => numberOf(metrics, metric))
  }

  /** The curves of all runs. */
  curves(metric: string): (readonly number[])[] {
    return [...this.#found.values()].flatMap(metrics => {
      const value = metrics[metric]
      return typeof value === 'object' ? [value] : []
    })
  }

  median(metric: string): number {
    return median(this.values(metric))
  }

  /**
   * How many times another's value this is: the middle one of the rounds' ratios, since what slowed a round down slowed
   * both. Where one of them was measured once, the ratio of the middle values.
   */
  ratioTo(other: Samples, metric: string): number {
    const rounds = [...this.#found.keys()].filter(round => other.#found.has(round))
    if (rounds.length < 2) return this.median(metric) / other.median(metric)
    const ratios = rounds.flatMap(round => {
      const [mine] = numberOf(this.#found.get(round)!, metric)
      const [theirs] = numberOf(other.#found.get(round)!, metric)
      return mine === undefined || theirs === undefined ? [] : [mine / theirs]
    })
    return median(ratios)
  }
}

function numberOf(metrics: Metrics, metric: string): number[] {
  const value = metrics[metric]
  return typeof value === 'number' ? [value] : []
}

export function isMeasured(result: Results[string]): result is Metrics {
  return !('error' in result)
}
