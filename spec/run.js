// Runs the specs: all of them, or those whose path holds one of the words given. Node 20 takes no glob here.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const files = readdirSync(new URL('.', import.meta.url), { recursive: true })
  .map(file => `spec/${file}`)
  .filter(
    file => file.endsWith('.spec.ts') && (words.length === 0 || words.some(word => file.includes(word))),
  )
  .sort()
if (files.length === 0) throw new Error(`no spec has ${words.join(' or ')} in its path`)
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', '--test', '--test-concurrency=2', ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
process.exitCode = status ?? 1
