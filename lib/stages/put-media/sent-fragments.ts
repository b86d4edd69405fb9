import type { Acknowledgement } from './acknowledgement.ts'
import type { OutgoingFragment } from './outgoing-fragment.ts'

/**
 * The fragments that one session has begun and the service has not acknowledged, in their order, and which of them an
 * acknowledgement is about: by the service's number where that is known, else by the cluster's time, which within a
 * session rises from each fragment to the next.
 */
export class SentFragments {
  readonly #byTime = new Map<number, OutgoingFragment>()
  readonly #byNumber = new Map<string, OutgoingFragment>()
  readonly #numbers = new Map<OutgoingFragment, string>()

  get count(): number {
    return this.#byTime.size
  }

  get all(): Iterable<OutgoingFragment> {
    return this.#byTime.values()
  }

  add(fragment: OutgoingFragment): void {
    this.#byTime.set(Math.floor(fragment.timecodeMs), fragment)
  }

  remove(fragment: OutgoingFragment): void {
    const ms = Math.floor(fragment.timecodeMs)
    if (this.#byTime.get(ms) === fragment) this.#byTime.delete(ms)
    this.#byNumber.delete(this.#numbers.get(fragment) ?? '')
    this.#numbers.delete(fragment)
  }

  /** The fragment that is meant; `undefined` where it is none of these. */
  find({ fragmentNumber, fragmentTimecodeMs }: Acknowledgement): OutgoingFragment | undefined {
    const known = fragmentNumber === null ? undefined : this.#byNumber.get(fragmentNumber)
    const fragment = known ?? this.#at(fragmentTimecodeMs)
    if (fragment !== undefined && fragmentNumber !== null) {
      this.#byNumber.set(fragmentNumber, fragment)
      this.#numbers.set(fragment, fragmentNumber)
    }
    return fragment
  }

  /** Where a tick is no whole number of milliseconds, nobody says which way the service rounds. */
  #at(timecodeMs: number | null): OutgoingFragment | undefined {
    if (timecodeMs === null) return undefined
    const ms = Math.floor(timecodeMs)
    return this.#byTime.get(ms) ?? this.#byTime.get(ms - 1)
  }
}
