import type { Build } from './build.ts'
import { type Contender, startContender } from './child.ts'
import { SLOW_PASS_MS } from './cpu.ts'
import type { Job, Results, Run } from './question.ts'
import { type Variant, variantsOf } from './rounds.ts'
import { isMeasured } from './statistics.ts'

/**
 * Measures contenders in turns of a fraction of a second: each has a process that stays, warm, while the others have their
 * turns. A machine that is slow for a while is so for all of them, and what they take can be compared.
 */
export async function runTurns(
  jobs: readonly Job[],
  variants: readonly Variant[],
  rounds: number,
  onRun: (run: Run) => void = () => {},
): Promise<Run[]> {
  const rows: Row[] = []
  try {
    for (const job of jobs) {
      for (const { build, revision } of variantsOf(job, variants)) {
        rows.push(await Row.open(build, job, revision))
      }
    }
    for (const name of new Set(rows.flatMap(({ cases }) => cases))) {
      const those = rows.filter(({ cases }) => cases.includes(name))
      for (const row of those) await row.warmUp(name)
      for (let round = 0; round < rounds; round++) {
        // In the other order every second time: who comes behind a heavy one may pay for it.
        for (const row of round % 2 === 0 ? those : those.toReversed()) await row.measure(name, round)
      }
    }
    const runs = rows.flatMap(row => row.runs)
    runs.forEach(onRun)
    return runs
  } finally {
    await Promise.all(rows.map(row => row.close()))
  }
}

/** A contender, and what it has found so far. */
class Row {
  readonly #job: Job
  readonly #revision: string | undefined
  readonly #contender: Contender | { readonly error: string }
  readonly #found: Record<string, Results[string]>[] = []
  /** Cases that need no more turns: they failed, or take long. */
  readonly #settled = new Set<string>()

  private constructor(job: Job, revision: string | undefined, contender: Contender | { error: string }) {
    this.#job = job
    this.#revision = revision
    this.#contender = contender
  }

  static async open(build: Build, job: Job, revision: string | undefined): Promise<Row> {
    const contender = await startContender(build, job).catch((error: Error) => ({ error: error.message }))
    return new Row(job, revision, contender)
  }

  get cases(): readonly string[] {
    return 'error' in this.#contender ? ['all'] : this.#contender.cases
  }

  get runs(): Run[] {
    const revision = this.#revision === undefined ? {} : { revision: this.#revision }
    return this.#found.map((results, round) => ({ job: this.#job.id, round, ...revision, results }))
  }

  async warmUp(name: string): Promise<void> {
    const result = await this.#turn(name)
    if (!isSettled(result)) return
    this.#settled.add(name)
    this.#note(name, 0, result)
  }

  async measure(name: string, round: number): Promise<void> {
    if (!this.#settled.has(name)) this.#note(name, round, await this.#turn(name))
  }

  async close(): Promise<void> {
    if (!('error' in this.#contender)) await this.#contender[Symbol.asyncDispose]()
  }

  async #turn(name: string): Promise<Results[string]> {
    if ('error' in this.#contender) return this.#contender
    return await this.#contender
      .measure(name)
      .catch((error: Error) => ({ error: error.message.slice(0, 32) }))
  }

  #note(name: string, round: number, result: Results[string]): void {
    this.#found[round] = { ...this.#found[round], [name]: result }
  }
}

/** Slow passes are not taken again: of those, noise is the smaller part. */
function isSettled(result: Results[string]): boolean {
  return !isMeasured(result) || Number(result.cpuMs) > SLOW_PASS_MS
}
