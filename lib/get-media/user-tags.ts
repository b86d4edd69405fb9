import type { TagValue } from '../matroska/reader/tags.ts'
import type { TagRecord } from './events.ts'

/** The tags of a fragment that are not the service's own, as they come; the last value of a name counts. */
export class UserTags {
  #record = emptyRecord()
  /** Somebody has the record: the next tag goes into a new one. */
  #isGiven = false
  #mimeType: string | undefined

  set(name: string, value: TagValue): void {
    if (this.#isGiven) {
      this.#record = Object.assign(emptyRecord(), this.#record)
      this.#isGiven = false
    }
    this.#record[name] = value
    if (typeof value === 'string' && name.length === MIME_TYPE.length && name.toLowerCase() === MIME_TYPE)
      this.#mimeType = value
  }

  /** What is known by now; it stays as it is when more tags come. */
  get record(): TagRecord {
    this.#isGiven = true
    return this.#record
  }

  /** The last text of a tag named MimeType, in any case. */
  get mimeType(): string | undefined {
    return this.#mimeType
  }
}

const MIME_TYPE = 'mimetype'

function emptyRecord(): Record<string, TagValue> {
  return Object.create(null) as Record<string, TagValue>
}
