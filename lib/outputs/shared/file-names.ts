import { parse } from 'node:path'
import { OptionError } from '../../core/errors.ts'

/** What a file's name may tell of the file. */
export type NameFacts = {
  /** Wall-clock time of its first frame, by the producer's clock where that is one. */
  readonly startedAt: Date | null
  /** The fragment that it begins with. */
  readonly fragmentNumber: string | null
}

const FACTS: Readonly<Record<string, (facts: NameFacts, index: number) => string>> = {
  time: ({ startedAt }) => startedAt?.toISOString().replace(/[-:]/g, '') ?? 'unknown-time',
  date: ({ startedAt }) => startedAt?.toISOString().slice(0, 10) ?? 'unknown-date',
  fragment: ({ fragmentNumber }) => safeName(fragmentNumber ?? 'none'),
  index: (_facts, index) => String(index).padStart(4, '0'),
}

/**
 * Names for the files of one output, by a pattern: `{time}` is the first frame's time, `20171128T065508.513Z`; `{date}`
 * its day in UTC; `{fragment}` the first fragment's number; `{index}` counts from 0001. A name that was given before gets
 * `-2`, `-3` … before its extension, so that no file takes another one's place.
 */
export class FileNames {
  readonly #pattern: string
  readonly #paths = new UniquePaths()
  #index = 0

  /** `option` is the option's name, for the `OptionError` that an unknown `{word}` gives. */
  constructor(option: string, pattern: string) {
    if (typeof pattern !== 'string' || pattern === '')
      throw new OptionError(option, 'be a file name', pattern)
    for (const [, word = ''] of pattern.matchAll(/\{(\w+)\}/g)) {
      if (Object.hasOwn(FACTS, word)) continue
      throw new OptionError(option, `hold no words but {${Object.keys(FACTS).join('}, {')}}`, pattern)
    }
    this.#pattern = pattern
  }

  next(facts: NameFacts): string {
    const index = ++this.#index
    const path = this.#pattern.replace(/\{(\w+)\}/g, (_whole, word: string) => FACTS[word]!(facts, index))
    return this.#paths.take(path)
  }
}

/** Paths that are each given once: the second of a name gets `-2` before its extension. */
export class UniquePaths {
  readonly #uses = new Map<string, number>()

  take(path: string): string {
    const use = (this.#uses.get(path) ?? 0) + 1
    this.#uses.set(path, use)
    return use === 1 ? path : numbered(path, use)
  }
}

function numbered(path: string, number: number): string {
  const { ext } = parse(path)
  return `${path.slice(0, path.length - ext.length)}-${number}${ext}`
}

/** Text from a payload as a part of a file's name: letters, digits, dot, hyphen and underscore, and no leading dot. */
export function safeName(text: string): string {
  const safe = text
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 128)
  return safe === '' ? '_' : safe
}
