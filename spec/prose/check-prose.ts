import { NAMES, PHRASES } from './rules.ts'
import { markdownPassages, type Passage, sourcePassages } from './source-prose.ts'

export type Finding = {
  readonly path: string
  readonly line: number
  readonly found: string
  readonly advice: string
}

/** The phrases of one file that the house rules advise against. */
export function checkProse(path: string, source: string): Finding[] {
  const passages: Passage[] = path.endsWith('.md') ? markdownPassages(source) : sourcePassages(path, source)
  return passages.flatMap(({ line, text, kind }) =>
    (kind === 'name' ? NAMES : PHRASES).flatMap(({ pattern, advice }) =>
      Array.from(text.matchAll(pattern), match => ({ path, line, found: shorten(match[0].trim()), advice })),
    ),
  )
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
