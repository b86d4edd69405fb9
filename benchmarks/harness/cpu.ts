import type { Metrics, Results } from './question.ts'

/** CPU time that a case takes at least while it counts. */
const MEASURED_MS = 100
/** It is warm when it has not become faster by a tenth in two windows of this length. */
const WARM_UP_WINDOW_MS = 80
/** Of the first case of a process, for which all code is compiled, and of the others. */
const LONGEST_WARM_UP_MS = { first: 2000, later: 450 }
/** Who takes as long for one pass, warm, has been measured by the last of them. */
export const SLOW_PASS_MS = 400
/** In a pass of this length there is time enough to become warm. */
const WARMING_PASS_MS = 1000

/**
 * For every process whose CPU time is compared. Without it Node 20 collects all garbage for each 15 MB that streams bring,
 * once a process has more than about 9 MB of objects, and hardly ever below: that charges a reader for the size of its
 * package and of what it depends on (a bare drain took 0.37 s for 250 MB beside our library, and 0.17 s alone).
 */
export const STEADY_HEAP: readonly string[] = ['--initial-old-space-size=256']

let isFirst = true

/** CPU time, user's and system's, of all of this process's threads. */
export function cpuMs(since: NodeJS.CpuUsage = { user: 0, system: 0 }): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

/**
 * What a pass of the work costs this process, at each turn. It is done again and again: first until the code is warm, then
 * until there is enough to measure. No garbage is collected by force: that leaves a small young generation, which costs the next passes
 * dearly. `work` gives what it counted, so that who loses something shows.
 */
export function cpuTurn(work: () => Promise<number>): () => Promise<CpuMetrics> {
  let isWarm = false
  return async () => {
    if (isWarm) return await orUncaught(repeat(work, MEASURED_MS))
    isWarm = true
    return await orUncaught(warmUp(work))
  }
}

/** For one that takes no turns: its first, and where it is not slow its second. */
export async function measureCpu(work: () => Promise<number>): Promise<CpuMetrics> {
  const turn = cpuTurn(work)
  const warm = await turn()
  return warm.cpuMs > SLOW_PASS_MS ? warm : await turn()
}

/** Gives its last window. */
async function warmUp(work: () => Promise<number>): Promise<CpuMetrics> {
  let bestMs = Number.POSITIVE_INFINITY
  let usedMs = 0
  const longestMs = isFirst ? LONGEST_WARM_UP_MS.first : LONGEST_WARM_UP_MS.later
  isFirst = false
  for (let steady = 0; ; ) {
    const window = await repeat(work, WARM_UP_WINDOW_MS)
    usedMs += window.cpuMs * window.passes
    steady = window.cpuMs < 0.9 * bestMs ? 0 : steady + 1
    bestMs = Math.min(bestMs, window.cpuMs)
    if (steady === 2 || usedMs > longestMs || window.cpuMs > WARMING_PASS_MS) return window
  }
}

/** For one pass, but `passes`. */
export type CpuMetrics = {
  readonly cpuMs: number
  readonly wallMs: number
  readonly passes: number
  readonly counted: number
}

async function repeat(work: () => Promise<number>, untilMs: number): Promise<CpuMetrics> {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  let passes = 0
  let counted = 0
  do {
    counted = await work()
    passes++
  } while (cpuMs(before) < untilMs)
  const wallMs = performance.now() - startedAt
  return { cpuMs: cpuMs(before) / passes, wallMs: wallMs / passes, passes, counted }
}

/** Runs each case; one that fails leaves its message, and the others run. */
export async function eachCase<T extends { readonly name: string }>(
  cases: readonly T[],
  measure: (one: T) => Promise<Metrics>,
): Promise<Results> {
  const results: Record<string, Results[string]> = {}
  for (const one of cases) {
    results[one.name] = await orUncaught(measure(one)).catch((error: unknown) => ({
      error: (error instanceof Error ? error.message : String(error)).slice(0, 32),
    }))
  }
  return results
}

/** Some throw where nobody can catch it. */
function orUncaught<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    process.once('uncaughtException', reject)
    work.then(resolve, reject).finally(() => process.off('uncaughtException', reject))
  })
}
