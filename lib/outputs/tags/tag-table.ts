import { Transform } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEnd, FragmentEvent, FragmentStart, TagRecord } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { followSignal } from '../shared/write-queue.ts'
import { csvRecord } from './csv.ts'

export type TagTableOptions = {
  /** JSON objects, one a line, or CSV by RFC 4180 with a header. @default 'jsonl' */
  readonly format?: 'jsonl' | 'csv'
  /** CSV only: tags that get a column each. @default one column `tags` with a JSON object of all */
  readonly tagColumns?: readonly string[]
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<TagTableOptions>({ format: true, tagColumns: true, signal: true })

/** A row of the table. The timestamps are the tags' own text, in seconds; binary tags are in base64. */
export type TagRow = {
  readonly fragmentNumber: string | null
  readonly producerTimestamp: string | null
  readonly serverTimestamp: string | null
  readonly continuationToken: string | null
  readonly millisBehindNow: number | null
  readonly errorId: number | null
  readonly errorCode: string | null
  readonly frames: number
  readonly bytes: number
  /** As of `fragment-end`; `lost` for a fragment without one; `late-tags` for tags that came behind the token of its fragment. */
  readonly endedBy: FragmentEnd['endedBy'] | 'lost' | 'late-tags'
  readonly tags: Readonly<Record<string, string>>
}

const FIELDS = [
  ...([
    'fragmentNumber',
    'producerTimestamp',
    'serverTimestamp',
    'continuationToken',
    'millisBehindNow',
  ] as const),
  ...(['errorId', 'errorCode', 'frames', 'bytes', 'endedBy'] as const),
] as const

type Callback = (error?: Error | null) => void

/**
 * `FragmentEvent`s in, text in UTF-8 out: a row for each fragment, as soon as it is over, with all that its tags say.
 * Memory: 16 events and the tags of one fragment.
 *
 * ```ts
 * await pipeline(getMedia({ streamName: 'door' }), new TagTable({ format: 'csv' }), createWriteStream('door.csv'))
 * ```
 */
export class TagTable extends Transform {
  readonly #format: 'jsonl' | 'csv'
  readonly #tagColumns: readonly string[] | undefined
  #unfollow: () => void = () => {}
  #isFirst = true
  #start: FragmentStart | undefined
  #frames = 0
  #bytes = 0

  constructor(options: TagTableOptions = {}) {
    knownOptions('TagTable', options, OPTIONS)
    super({ writableObjectMode: true, writableHighWaterMark: 16 })
    this.#format = choiceOption('format', options.format, 'jsonl', ['jsonl', 'csv'])
    this.#tagColumns = options.tagColumns
    if (options.tagColumns !== undefined && !Array.isArray(options.tagColumns)) {
      throw new OptionError('tagColumns', 'be a list of tag names', options.tagColumns)
    }
    this.#unfollow = followSignal('TagTable', this, options.signal)
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('TagTable', event, callback)) return
    const rows = this.#rows(event).map(row => this.#text(row))
    if (rows.length > 0) this.push(rows.join(''))
    callback()
  }

  override _flush(callback: Callback): void {
    const rows = this.#lost().map(row => this.#text(row))
    const header = this.#header()
    if (header + rows.join('') !== '') this.push(header + rows.join(''))
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    super._destroy(error, callback)
  }

  #rows(event: FragmentEvent): TagRow[] {
    switch (event.type) {
      case 'fragment-start': {
        const rows = this.#lost()
        this.#start = event
        return rows
      }
      case 'frame':
        this.#frames++
        this.#bytes += event.data.length
        return []
      case 'fragment-end':
        return [this.#ended(event)]
      case 'late-tags':
        return [rowOf({ ...event, ...NOTHING, endedBy: 'late-tags' }, undefined)]
      case 'discontinuity':
      case 'truncated':
        return this.#lost()
      default:
        return []
    }
  }

  #ended(end: FragmentEnd): TagRow {
    const row = rowOf(end, this.#start)
    this.#clear()
    return row
  }

  /** A fragment that never ended still had its start, and its frames so far. */
  #lost(): TagRow[] {
    const start = this.#start
    if (start === undefined) return []
    const { fragmentNumber, tags } = start
    const counts = { frames: this.#frames, bytes: this.#bytes }
    const row = rowOf({ ...NOTHING, fragmentNumber, tags, ...counts, endedBy: 'lost' }, start)
    this.#clear()
    return [row]
  }

  #clear(): void {
    this.#start = undefined
    this.#frames = 0
    this.#bytes = 0
  }

  #text(row: TagRow): string {
    if (this.#format === 'jsonl') return `${JSON.stringify(row)}\n`
    const columns = this.#tagColumns
    const tags = columns?.map(name => (Object.hasOwn(row.tags, name) ? row.tags[name]! : null))
    return (
      this.#header() + csvRecord([...FIELDS.map(name => row[name]), ...(tags ?? [JSON.stringify(row.tags)])])
    )
  }

  /** Once, before the first row; also of a table without any. */
  #header(): string {
    if (this.#format === 'jsonl' || !this.#isFirst) return ''
    this.#isFirst = false
    return csvRecord([...FIELDS, ...(this.#tagColumns ?? ['tags'])])
  }
}

const NOTHING = {
  ...{ continuationToken: null, millisBehindNow: null, errorId: null, errorCode: null },
  ...{ frames: 0, bytes: 0 },
} as const

type RowFacts = Omit<TagRow, 'producerTimestamp' | 'serverTimestamp' | 'tags'> & { readonly tags: TagRecord }

function rowOf(facts: RowFacts, start: FragmentStart | undefined): TagRow {
  const { fragmentNumber, continuationToken, millisBehindNow, errorId, errorCode, frames, bytes, endedBy } =
    facts
  return {
    fragmentNumber,
    producerTimestamp: start?.producerTimestampText ?? null,
    serverTimestamp: start?.serverTimestampText ?? null,
    ...{ continuationToken, millisBehindNow, errorId, errorCode, frames, bytes, endedBy },
    tags: textTags(facts.tags),
  }
}

/** Without a prototype, a tag may have any name. */
function textTags(tags: TagRecord): Record<string, string> {
  const texts = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(tags)) {
    texts[name] = typeof value === 'string' ? value : Buffer.from(value).toString('base64')
  }
  return texts
}
