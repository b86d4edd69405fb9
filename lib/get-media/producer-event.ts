import type { SimpleTag, TagValue } from '../matroska/reader/tags.ts'

/**
 * An event that a producer put on a fragment: putKinesisVideoEventMetadata of the C producer. Each event is one Tags
 * element, in which the event's own tag comes first and its pairs follow.
 */
export type ProducerEvent = {
  /** `notification` asks the service to notify, `image-generation` to extract an image. */
  readonly type: 'notification' | 'image-generation'
  /** AWS_KINESISVIDEO_IMAGE_PREFIX: the S3 key prefix of the images. `null` where the producer set none. */
  readonly imagePrefix: string | null
  /** The producer's name and value pairs, in its order; a name may repeat. */
  readonly pairs: readonly { readonly name: string; readonly value: TagValue }[]
}

/** Collects the events of a fragment from its Tags elements. */
export class ProducerEvents {
  readonly #events: EventDraft[] = []
  /** The event of the Tags element in progress; tags after it are its pairs. */
  #open: EventDraft | undefined

  /** Whether a name is one of the service's that a producer may send, and the service delivers. */
  static owns(name: string): boolean {
    return name === NOTIFICATION || name === IMAGE_GENERATION || name === IMAGE_PREFIX
  }

  get all(): readonly ProducerEvent[] {
    return this.#events.map(event => ({ ...event, pairs: [...event.pairs] }))
  }

  /** Another Tags element begins: its tags are not pairs of an event before it. */
  beginElement(): void {
    this.#open = undefined
  }

  add({ name, value }: SimpleTag): void {
    if (name === NOTIFICATION) this.#begin('notification')
    else if (name === IMAGE_GENERATION) this.#begin('image-generation')
    else if (name === IMAGE_PREFIX) this.#addPrefix(String(value))
    else this.#open?.pairs.push({ name, value })
  }

  #begin(type: ProducerEvent['type']): EventDraft {
    const event: EventDraft = { type, imagePrefix: null, pairs: [] }
    this.#events.push(event)
    this.#open = event
    return event
  }

  /** The prefix may stand in an element of its own, after or without the event's tag. */
  #addPrefix(prefix: string): void {
    const last = this.#open ?? this.#events.at(-1)
    const fits = last?.type === 'image-generation' && last.imagePrefix === null
    const event = fits ? last : this.#begin('image-generation')
    event.imagePrefix = prefix
    this.#open = event
  }
}

type EventDraft = {
  readonly type: ProducerEvent['type']
  imagePrefix: string | null
  readonly pairs: { readonly name: string; readonly value: TagValue }[]
}

const NOTIFICATION = 'AWS_KINESISVIDEO_NOTIFICATION'
const IMAGE_GENERATION = 'AWS_KINESISVIDEO_IMAGE_GENERATION'
const IMAGE_PREFIX = 'AWS_KINESISVIDEO_IMAGE_PREFIX'
