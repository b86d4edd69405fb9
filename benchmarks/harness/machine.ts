import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { ROOT } from './build.ts'

/** Where and on what a figure was taken. */
export type Machine = {
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly commit: string
  /** Files of `lib/` differ from the commit. */
  readonly isChanged: boolean
  readonly date: string
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD'),
    isChanged: git('status', '--porcelain', '--', 'lib') !== '',
    date: new Date().toISOString(),
  }
}

export function describeMachine({ processor, cores, node, commit, isChanged, date }: Machine): string {
  const tree = `commit ${commit}${isChanged ? ' with changes in lib/' : ''}`
  return `${processor}, ${cores} cores, Node ${node}, ${tree}, ${date.slice(0, 10)}`
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
