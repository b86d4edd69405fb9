import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Allowance, allowanceFor, compareWithAllowance, formatFinding } from './allowance.ts'
import { checkProse } from './check-prose.ts'

/**
 * `npm run lint:prose`: exits with 1 where a file has more phrases to avoid than `allowance.json` allows, or fewer.
 * `-- --write` writes the allowance again, and `-- --all` prints every finding.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
const allowancePath = fileURLToPath(new URL('allowance.json', import.meta.url))
/** The rules quote what they forbid, and the schema is generated. */
const EXEMPT = /^spec\/prose\/|^lib\/mkv\/schema\/elements\.ts$/

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
const sources = listed
  .split('\0')
  .filter(path => /\.(?:ts|js|mjs|md)$/.test(path) && !EXEMPT.test(path) && existsSync(root + path))
  .sort()
  .map(path => ({ path, source: readFileSync(root + path, 'utf8') }))
const findings = sources.flatMap(({ path, source }) => checkProse(path, source))

if (process.argv.includes('--all')) for (const finding of findings) console.log(formatFinding(finding))
if (process.argv.includes('--write')) {
  writeFileSync(allowancePath, `${JSON.stringify(allowanceFor(findings), null, 2)}\n`)
} else {
  const allowance: Allowance = JSON.parse(readFileSync(allowancePath, 'utf8'))
  const differences = compareWithAllowance(findings, allowance)
  for (const line of differences) console.log(line)
  if (differences.length > 0) process.exitCode = 1
}
const lines = sources.reduce((sum, { source }) => sum + source.split('\n').length, 0)
const perThousand = ((findings.length * 1000) / lines).toFixed(1)
console.log(`${findings.length} phrases to avoid in ${lines} lines (${perThousand} per thousand)`)
