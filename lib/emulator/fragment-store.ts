import { OptionError } from '../errors.ts'
import type { StoredFragment } from './fragment.ts'

/** A stream's fragments, in the order of their numbers. In memory; the bytes are views of what was loaded. */
export class FragmentStore {
  readonly #fragments: StoredFragment[] = []
  readonly #listeners = new Set<() => void>()

  /** @throws OptionError where the number is not greater than all before. */
  add(fragment: StoredFragment): void {
    const newest = this.newest()
    if (newest !== undefined && fragment.number <= newest.number) {
      throw new OptionError(
        'number',
        `be greater than the newest fragment's, ${newest.number}`,
        fragment.number,
      )
    }
    this.#fragments.push(fragment)
    for (const listener of [...this.#listeners]) listener()
  }

  /** All fragments, oldest first. */
  all(): readonly StoredFragment[] {
    return this.#fragments
  }

  newest(): StoredFragment | undefined {
    return this.#fragments.at(-1)
  }

  /** The first fragment with a greater number. */
  after(number: bigint): StoredFragment | undefined {
    return this.#fragments[this.#countUpTo(number)]
  }

  has(number: bigint): boolean {
    return this.#fragments[this.#countUpTo(number) - 1]?.number === number
  }

  /** Calls `listener` after each new fragment, at once; the result stops that. */
  onAdd(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** How many fragments have this number or a lesser one, by bisection. */
  #countUpTo(number: bigint): number {
    let low = 0
    let high = this.#fragments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#fragments[middle]!.number <= number) low = middle + 1
      else high = middle
    }
    return low
  }
}
