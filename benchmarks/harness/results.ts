import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './build.ts'
import type { Machine } from './machine.ts'
import type { Run } from './question.ts'

/** All that a question's page is made of. */
export type Kept = { readonly machine: Machine; readonly runs: readonly Run[] }

const DIRECTORY = join(ROOT, 'benchmarks/results')

/** Keeps every run, its numbers to five digits, as `npm run format` would write it. */
export async function keepResults(name: string, kept: Kept): Promise<void> {
  const file = join(DIRECTORY, `${name}.json`)
  await mkdir(DIRECTORY, { recursive: true })
  await writeFile(
    file,
    JSON.stringify(kept, (_, value) => rounded(value)),
  )
  const biome = join(ROOT, 'node_modules/.bin/biome')
  await promisify(execFile)(biome, ['format', '--write', file], { cwd: ROOT })
}

/** `undefined` where the question was never measured. */
export async function keptResults(name: string): Promise<Kept | undefined> {
  const text = await readFile(join(DIRECTORY, `${name}.json`), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Kept)
}

function rounded(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value
  return Number(value.toPrecision(5))
}
