import type { AckType, LateAcks } from './fault-effect.ts'

/** How late a session's acknowledgements are, as a fault says. */
export class AckDelays {
  readonly #late: LateAcks | undefined
  /** The fragments that acknowledgements were about, by their numbers: the first is 0. */
  readonly #indexes = new Map<bigint, number>()

  constructor(late: LateAcks | undefined) {
    this.#late = late
  }

  /** The delay of an acknowledgement, in milliseconds; `Infinity` for one that is never sent. */
  delayMs(type: AckType, fragmentNumber: bigint | undefined): number {
    if (this.#late === undefined) return 0
    const { types, afterFragments, fragments, delayMs } = this.#late
    const place = this.#indexOf(fragmentNumber) - afterFragments
    if (type === 'PERSISTED' && fragmentNumber !== undefined) this.#forgetBefore(fragmentNumber)
    return types.includes(type) && place >= 0 && place < fragments ? delayMs : 0
  }

  /** An IDLE between two fragments counts as one of the fragment before. */
  #indexOf(fragmentNumber: bigint | undefined): number {
    if (fragmentNumber === undefined) return Math.max(0, this.#lastIndex)
    const known = this.#indexes.get(fragmentNumber)
    if (known !== undefined) return known
    this.#indexes.set(fragmentNumber, ++this.#lastIndex)
    return this.#lastIndex
  }

  #lastIndex = -1

  /** Fragments are persisted in about their order; a few stay, so that a long session does not grow. */
  #forgetBefore(fragmentNumber: bigint): void {
    for (const number of this.#indexes.keys()) {
      if (this.#indexes.size <= MAX_KEPT_INDEXES || number >= fragmentNumber) return
      this.#indexes.delete(number)
    }
  }
}

const MAX_KEPT_INDEXES = 1024
