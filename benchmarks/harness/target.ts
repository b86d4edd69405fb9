import type { Target } from './question.ts'
import { figure } from './table.ts'

/** A ratio that is to be no greater. What could not be measured is not reached. */
export function atMost(what: string, goal: number, found: number, note?: string): Target {
  return { what, goal: `≤ ${goal} ×`, found: foundText(found, note), isReached: found <= goal }
}

/** A ratio that is to be no smaller. */
export function atLeast(what: string, goal: number, found: number, note?: string): Target {
  return { what, goal: `≥ ${goal} ×`, found: foundText(found, note), isReached: found >= goal }
}

function foundText(found: number, note: string | undefined): string {
  return `${figure(found)} ×${note === undefined ? '' : ` (${note})`}`
}
