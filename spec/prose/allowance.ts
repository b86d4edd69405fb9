import type { Finding } from './check-prose.ts'

/** How many phrases to avoid a file may still have; a file that is not named may have none. */
export type Allowance = Readonly<Record<string, number>>

/**
 * The lines to print where files and allowance differ; none where they agree. Fewer findings than allowed is a difference
 * too, so that the allowance is lowered and never rises again.
 */
export function compareWithAllowance(findings: readonly Finding[], allowance: Allowance): string[] {
  const byPath = groupByPath(findings)
  const paths = new Set([...byPath.keys(), ...Object.keys(allowance)])
  return [...paths].flatMap(path => {
    const found = byPath.get(path) ?? []
    const allowed = allowance[path] ?? 0
    if (found.length === allowed) return []
    if (found.length < allowed)
      return [
        `${path}: ${found.length} phrases to avoid, fewer than the ${allowed} allowed; lower the allowance`,
      ]
    return [
      ...found.map(formatFinding),
      `${path}: ${found.length} phrases to avoid; ${allowed} are allowed. Write them plainly`,
    ]
  })
}

export function formatFinding({ path, line, found, advice }: Finding): string {
  return `${path}:${line}: "${found}": ${advice}`
}

export function allowanceFor(findings: readonly Finding[]): Allowance {
  const byPath = groupByPath(findings)
  return Object.fromEntries(Array.from(byPath, ([path, found]) => [path, found.length]))
}

function groupByPath(findings: readonly Finding[]): Map<string, Finding[]> {
  const byPath = new Map<string, Finding[]>()
  for (const finding of findings) byPath.set(finding.path, [...(byPath.get(finding.path) ?? []), finding])
  return byPath
}
