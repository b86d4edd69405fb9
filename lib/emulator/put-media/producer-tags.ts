import { PutMediaError } from './error-codes.ts'

/** Closes a fragment at once; the service does not hand it on. */
const END_OF_FRAGMENT = 'AWS_KINESISVIDEO_END_OF_FRAGMENT'
/** Names of the service's own that a producer may send. */
const PRODUCER_NAMES: ReadonlySet<string> = new Set([
  END_OF_FRAGMENT,
  'AWS_KINESISVIDEO_IMAGE_GENERATION',
  'AWS_KINESISVIDEO_IMAGE_PREFIX',
  'AWS_KINESISVIDEO_NOTIFICATION',
])

/** So that a flood of empty tags costs no memory. */
const MOST_TAGS = 1000

/** A tag of a producer. */
export type ProducerTag = { name: string; value: string }

/** Collects the tags of one Tags element as it is read, nested ones too. */
export class ProducerTags {
  readonly all: ProducerTag[] = []
  readonly #open: ProducerTag[] = []

  /** @throws PutMediaError where there are more than any producer sends */
  openTag(): void {
    if (this.all.length >= MOST_TAGS) {
      throw new PutMediaError('FRAGMENT_METADATA_LIMIT_REACHED', `more than ${MOST_TAGS} tags in one element`)
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

  /** @throws PutMediaError for a name that is the service's */
  checkNames(): void {
    const reserved = this.all.find(({ name }) => name.startsWith('AWS') && !PRODUCER_NAMES.has(name))
    if (reserved === undefined) return
    throw new PutMediaError('FRAGMENT_METADATA_LIMIT_REACHED', `the tag name ${reserved.name} is reserved`)
  }
}
