import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * What a spec needs beside the repository. Where it is missing the spec says that it is skipped, unless
 * GETMEDIA_SPECS_REQUIRE_ALL=1: then it runs, and fails.
 */

const requireAll = process.env.GETMEDIA_SPECS_REQUIRE_ALL === '1'

const sharedDirectory = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

/** Options for `it` or `describe`. */
export type Requirement = { readonly skip?: string }

/** Path of a file in `../shared/data`; `undefined` where it is not there and need not be. */
export function sharedData(name: string): string | undefined {
  const path = sharedDirectory + name
  return existsSync(path) || requireAll ? path : undefined
}

/** `{ skip: 'ffmpeg is not installed' }` where one of the tools is missing, else `{}`. */
export function requires(...tools: readonly string[]): Requirement {
  const missing = tools.filter(tool => !isInstalled(tool))
  if (missing.length === 0 || requireAll) return {}
  return { skip: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed` }
}

/** `{ skip: … }` where a file of `../shared/data` is missing, else `{}`. */
export function requiresSharedData(...names: readonly string[]): Requirement {
  const missing = names.filter(name => sharedData(name) === undefined)
  return missing.length === 0 ? {} : { skip: `../shared/data/${missing[0]} is not there` }
}

function isInstalled(tool: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0
}
