import type { StartSelector } from '../../aws/operations/start-selector.ts'
import type { WholeFragment } from './delivered-fragment.ts'
import { resumeSelectors } from './resume-selectors.ts'
import { isFragmentNotFound } from './retryable.ts'
import type { Seam } from './seam.ts'

/** Which start comes next, and which after that when the service refuses it. */
export class StartPlan {
  readonly #original: StartSelector
  readonly #seam: Seam
  /** The last whole fragment when `#refused` began to count. */
  #whole: WholeFragment | undefined
  /** How many of the places to start from were refused. */
  #refused = 0

  constructor(original: StartSelector, seam: Seam) {
    this.#original = original
    this.#seam = seam
  }

  /** Where the next session starts. */
  next(): StartSelector {
    if (this.#whole !== this.#seam.whole) {
      this.#whole = this.#seam.whole
      this.#refused = 0
    }
    const selectors = this.#selectors()
    return selectors[Math.min(this.#refused, selectors.length - 1)]!
  }

  /** The service refuses that start. False when no other is left: the caller's own is refused, or nothing but that can be asked. */
  refuse(error: Error): boolean {
    const selectors = this.#selectors()
    const isLast = this.#refused + 1 >= selectors.length
    this.#refused = isLast ? 0 : this.#refused + 1
    if (!isLast) return true
    // Every stream has an oldest and a newest fragment: "not found" passes there, and a refused request does not.
    const hasOpenStart = selectors.some(({ type }) => type === 'EARLIEST' || type === 'NOW')
    return hasOpenStart && isFragmentNotFound(error)
  }

  #selectors(): readonly StartSelector[] {
    return resumeSelectors(this.#original, this.#seam.whole, this.#seam.partial)
  }
}
