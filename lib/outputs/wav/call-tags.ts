import type { TagRecord } from '../../get-media/events.ts'

/** What a fragment's tags say of the call, with what earlier ones said where they are silent. */
export type CallFacts = { readonly contactId: string | undefined; readonly mimeType: string | undefined }

/** Carries tags over: the last fragment of a run may lack them. */
export class CallTags {
  readonly #contactTag: string
  #contactId: string | undefined
  #mimeType: string | undefined

  constructor(contactTag: string) {
    this.#contactTag = contactTag.toLowerCase()
  }

  get facts(): CallFacts {
    return { contactId: this.#contactId, mimeType: this.#mimeType }
  }

  read(tags: TagRecord): CallFacts {
    for (const [name, value] of Object.entries(tags)) {
      if (typeof value !== 'string' || value === '') continue
      if (name.toLowerCase() === this.#contactTag) this.#contactId = value
      if (name.toLowerCase() === 'mimetype') this.#mimeType = value
    }
    return this.facts
  }
}
