import type { Acknowledgement } from './acknowledgement.ts'
import type { OutgoingFragment } from './outgoing-fragment.ts'

/**
 * The fragments that one session has begun and the service has not acknowledged, in their order, and which of them an
 * acknowledgement is about: by the service's number where that is known, else by the cluster's timestamp in ticks, which
 * within a session rises from each fragment to the next.
 */
export class SentFragments {
  readonly #byTime = new Map<bigint, OutgoingFragment>()
  readonly #byNumber = new Map<string, OutgoingFragment>()
  readonly #numbers = new Map<OutgoingFragment, string>()

  get count(): number {
    return this.#byTime.size
  }

  get all(): Iterable<OutgoingFragment> {
    return this.#byTime.values()
  }

  add(fragment: OutgoingFragment): void {
    this.#byTime.set(fragment.timecode, fragment)
  }

  remove(fragment: OutgoingFragment): void {
    const { timecode } = fragment
    if (this.#byTime.get(timecode) === fragment) this.#byTime.delete(timecode)
    this.#byNumber.delete(this.#numbers.get(fragment) ?? '')
    this.#numbers.delete(fragment)
  }

  /** The fragment that is meant; `undefined` where it is none of these. */
  find({ fragmentNumber, fragmentTimecode }: Acknowledgement): OutgoingFragment | undefined {
    const known = fragmentNumber === null ? undefined : this.#byNumber.get(fragmentNumber)
    const fragment =
      known ?? (fragmentTimecode === null ? undefined : this.#byTime.get(BigInt(fragmentTimecode)))
    if (fragment !== undefined && fragmentNumber !== null) {
      this.#byNumber.set(fragmentNumber, fragment)
      this.#numbers.set(fragment, fragmentNumber)
    }
    return fragment
  }
}
