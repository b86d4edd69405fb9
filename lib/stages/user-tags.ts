import type { TagValue } from '../mkv/tags.ts'
import type { TagRecord } from './events.ts'

/** The tags of a fragment that are not the service's own, as they come; the last value of a name counts. */
export class UserTags {
  #record = emptyRecord()
  /** Somebody has the record: the next tag goes into a new one. */
  #isGiven = false
  #mimeType: TagValue | undefined

  set(name: string, value: TagValue): void {
    if (this.#isGiven) {
      this.#record = Object.assign(emptyRecord(), this.#record)
      this.#isGiven = false
    }
    this.#record[name] = value
    if (name.length === MIME_TYPE.length && name.toLowerCase() === MIME_TYPE) this.#mimeType = value
  }

  /** What is known by now; it stays as it is when more tags come. */
  get record(): TagRecord {
    this.#isGiven = true
    return this.#record
  }

  /** Of a tag named MimeType, in any case; `undefined` where there is none, or none that is text. */
  get mimeType(): string | undefined {
    return typeof this.#mimeType === 'string' ? this.#mimeType : undefined
  }
}

const MIME_TYPE = 'mimetype'

function emptyRecord(): Record<string, TagValue> {
  return Object.create(null) as Record<string, TagValue>
}
