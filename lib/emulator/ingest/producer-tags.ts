import { END_OF_FRAGMENT } from '../streams/service-tags.ts'
import { PutMediaError } from './error-codes.ts'

/** Tags that make their Tags element an event, whose other tags are its pairs. */
const EVENT_NAMES: ReadonlySet<string> = new Set([
  'AWS_KINESISVIDEO_IMAGE_GENERATION',
  'AWS_KINESISVIDEO_IMAGE_PREFIX',
  'AWS_KINESISVIDEO_NOTIFICATION',
])

/** Limits memory: empty tags would otherwise be free. */
const MAX_TAGS_PER_ELEMENT = 1000
/** MAX_EVENT_CUSTOM_PAIRS of the C producer. */
const MAX_EVENT_PAIRS = 10
const MAX_NAME_BYTES = 128
const MAX_VALUE_BYTES = 256

/** A tag of a producer. */
export type ProducerTag = { name: string; value: string }

/** Collects the tags of one Tags element as it is read, nested ones too. */
export class ProducerTags {
  readonly all: ProducerTag[] = []
  readonly #open: ProducerTag[] = []

  /** @throws PutMediaError where there are more than any producer sends */
  openTag(): void {
    if (this.all.length >= MAX_TAGS_PER_ELEMENT) {
      throw limitReached(`more than ${MAX_TAGS_PER_ELEMENT} tags in one element`)
    }
    const tag = { name: '', value: '' }
    this.all.push(tag)
    this.#open.push(tag)
  }

  closeTag(): void {
    this.#open.pop()
  }

  /** The tag whose name or value comes next. */
  get current(): ProducerTag | undefined {
    return this.#open.at(-1)
  }

  get endFragment(): boolean {
    return this.all.some(tag => tag.name === END_OF_FRAGMENT)
  }

  /** How many tags of a fragment's limit these are: an event is one, whatever its pairs. */
  get count(): number {
    return this.#isEvent ? 1 : this.all.length
  }

  get #isEvent(): boolean {
    return this.all.some(({ name }) => EVENT_NAMES.has(name))
  }

  /** @throws PutMediaError for a name that is the service's */
  checkNames(): void {
    const reserved = this.all.find(
      ({ name }) => name.startsWith('AWS') && name !== END_OF_FRAGMENT && !EVENT_NAMES.has(name),
    )
    if (reserved !== undefined) throw limitReached(`the tag name ${reserved.name} is reserved`)
  }

  /** @throws PutMediaError for a name or a value that is too long, and for an event of too many pairs */
  checkLimits(): void {
    for (const { name, value } of this.all) {
      const nameBytes = Buffer.byteLength(name)
      const valueBytes = Buffer.byteLength(value)
      if (nameBytes > MAX_NAME_BYTES) throw limitReached(`a tag's name of ${nameBytes} bytes`)
      if (valueBytes > MAX_VALUE_BYTES) throw limitReached(`a tag's value of ${valueBytes} bytes`)
    }
    const pairs = this.#isEvent ? this.all.filter(({ name }) => !EVENT_NAMES.has(name)).length : 0
    if (pairs <= MAX_EVENT_PAIRS) return
    throw limitReached(`an event of ${pairs} pairs; the limit is ${MAX_EVENT_PAIRS}`)
  }
}

function limitReached(problem: string): PutMediaError {
  return new PutMediaError('FRAGMENT_METADATA_LIMIT_REACHED', problem)
}
