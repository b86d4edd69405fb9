export type ContactChange = 'stop' | 'split' | 'filter' | 'ignore'

/** What is to be done with a fragment. */
export type Verdict = 'take' | 'leave-out' | 'take-apart' | 'stop'

/**
 * Keeps other callers out. Streams of Amazon Connect are pooled: the next call on the same stream has another ContactId,
 * and may follow within the second.
 */
export class ContactGuard {
  readonly #onChange: ContactChange
  #current: string | undefined
  #isFound: boolean

  /** `wanted` is the contact to wait for; else it is the first that shows. */
  constructor(onChange: ContactChange, wanted: string | undefined) {
    this.#onChange = onChange
    this.#current = wanted
    this.#isFound = wanted === undefined
  }

  judge(contactId: string | undefined): Verdict {
    if (this.#onChange === 'ignore' && this.#isFound) return 'take'
    if (contactId === undefined) return this.#isFound ? 'take' : 'leave-out'
    this.#current ??= contactId
    if (contactId === this.#current) {
      this.#isFound = true
      return 'take'
    }
    if (!this.#isFound || this.#onChange === 'filter') return 'leave-out'
    if (this.#onChange === 'stop') return 'stop'
    this.#current = contactId
    return 'take-apart'
  }
}
