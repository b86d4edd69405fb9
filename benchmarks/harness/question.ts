import type { Build } from './build.ts'
import type { Chart } from './chart.ts'
import type { Table } from './table.ts'

/** One run of one contender, in a process of its own. */
export type Job = {
  /** Tells it from the question's others: `video-8k getmedia`. */
  readonly id: string
  /**
   * A module under benchmarks/ whose `run(params)` does the work and gives `Results`; where the question's contenders take
   * turns, whose `open(params)` gives `Turns`.
   */
  readonly module: string
  readonly params: unknown
  /** Runs `lib/`: `--compare` then runs it against both. */
  readonly usesLibrary: boolean
  readonly env?: NodeJS.ProcessEnv
  /** Node's own options, before the module. */
  readonly nodeOptions?: readonly string[]
}

/** What was measured in one case: each name tells its unit. Lists are curves. */
export type Metrics = Readonly<Record<string, number | readonly number[]>>

/** What a contender does at its turn, by case: what it found, and how long the work took once it is warm. */
export type Turns = Readonly<Record<string, () => Promise<Metrics>>>

/** What one run found, by case. A case that failed has its message. */
export type Results = Readonly<Record<string, Metrics | { readonly error: string }>>

export type Run = {
  readonly job: string
  /** 0 for the first. */
  readonly round: number
  /** The commit whose `lib/` ran; this tree where it is absent. */
  readonly revision?: string
  readonly results: Results
}

/** What a run has at hand. */
export type Bench = {
  readonly build: Build
  /** A scratch directory, gone when all is measured. */
  readonly directory: string
}

/** The jobs, with the files and services that they need; disposed of when all have run. */
export type Prepared = AsyncDisposable & { readonly jobs: readonly Job[] }

/** A goal that the project has set itself, and whether this run reached it. */
export type Target = {
  readonly what: string
  readonly goal: string
  readonly found: string
  readonly isReached: boolean
}

export type Report = {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly chart: Chart
}

export type Question = {
  readonly name: string
  /** The question itself: the heading of its section. */
  readonly asks: string
  /** How often all contenders take turns, unless told otherwise. */
  readonly rounds: number
  /** Turns of a fraction of a second, of processes that stay; else each run is a process of its own, from start to end. */
  readonly takesTurns?: true
  prepare(bench: Bench): Promise<Prepared>
  /** Made of the runs alone, so that it can be made again of the results that are kept. */
  report(runs: readonly Run[]): Report
}
