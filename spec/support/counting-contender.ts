import { appendFileSync } from 'node:fs'
import type { Turns } from '../../benchmarks/harness/question.ts'

export type CountingParams = {
  readonly name: string
  /** Where its turns are noted. */
  readonly log: string
  /** What a turn takes, by case; `null` fails. */
  readonly cases: Readonly<Record<string, number | null>>
}

/** A contender whose turns take what it is told, and are written down. */
export async function open({ name, log, cases }: CountingParams): Promise<Turns> {
  const turn = (one: string, cpuMs: number | null) => async () => {
    appendFileSync(log, `${name} ${one}\n`)
    if (cpuMs === null) throw new Error('it broke')
    return { cpuMs }
  }
  return Object.fromEntries(Object.entries(cases).map(([one, cpuMs]) => [one, turn(one, cpuMs)]))
}
