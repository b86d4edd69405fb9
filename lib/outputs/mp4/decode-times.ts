/**
 * Decode times of frames that Matroska gives in decoding order with the times that they are shown at: the same times in
 * rising order. A frame that is shown before others which came before it would then be shown before it is decoded, by up
 * to `reorderDelay`, by which all are shown later.
 */
export class DecodeTimes {
  #last = -1

  /** Of a chunk of one track; `shownAt` are whole ticks of not less than zero. Never lower than what came before. */
  of(shownAt: readonly number[]): number[] {
    return shownAt
      .toSorted((a, b) => a - b)
      .map(time => {
        this.#last = Math.max(time, this.#last + 1)
        return this.#last
      })
  }
}

/** How much later frames must be shown, so that none is shown before it is decoded; 0 where their order is the same. */
export function reorderDelay(shownAt: readonly number[]): number {
  const decodedAt = shownAt.toSorted((a, b) => a - b)
  return shownAt.reduce((delay, time, index) => Math.max(delay, decodedAt[index]! - time), 0)
}
