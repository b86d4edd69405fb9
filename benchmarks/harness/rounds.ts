import type { Build } from './build.ts'
import { runJob } from './child.ts'
import type { Job, Run } from './question.ts'

/** A `lib/` to run, and how its runs are marked. */
export type Variant = { readonly build: Build; readonly revision?: string }

/**
 * Runs all jobs in turn, round after round, so that a slow moment of the machine meets them all. A job that uses the
 * library runs with each variant, one right after the other, in the other order every second round.
 */
export async function runRounds(
  jobs: readonly Job[],
  variants: readonly Variant[],
  rounds: number,
  onRun: (run: Run) => void = () => {},
): Promise<Run[]> {
  const runs: Run[] = []
  for (let round = 0; round < rounds; round++) {
    const ordered = round % 2 === 0 ? variants : variants.toReversed()
    for (const job of jobs) {
      for (const { build, revision } of variantsOf(job, ordered)) {
        const results = await runJob(build, job)
        const run = { job: job.id, round, ...(revision === undefined ? {} : { revision }), results }
        runs.push(run)
        onRun(run)
      }
    }
  }
  return runs
}

/** A job that does not use the library is the same with each. */
export function variantsOf(job: Job, variants: readonly Variant[]): readonly Variant[] {
  return job.usesLibrary ? variants : variants.slice(0, 1)
}
