/**
 * Decode times of frames that Matroska gives in decoding order with the times that they are shown at: the same times in
 * rising order. A frame that is shown before others which came before it would then be shown before it is decoded, by up
 * to `reorderDelay`, by which all are shown later.
 *
 * The header says by how much, when only the first frames are known. Where later ones would need more, those before them are
 * decoded earlier, as close together as ticks allow: players that meet a frame that is shown before it is decoded move all
 * that follows, away from its sound.
 */
export class DecodeTimes {
  #last = -1

  /**
   * Of a chunk of one track; `shownAt` are whole ticks of not less than zero, and `delay` is by how much they are shown
   * later. Never lower than what came before.
   */
  of(shownAt: readonly number[], delay: number): number[] {
    const latest = latestTimes(shownAt, delay)
    return shownAt
      .toSorted((a, b) => a - b)
      .map((time, index) => {
        this.#last = Math.max(this.#last + 1, Math.min(time, latest[index]!))
        return this.#last
      })
  }
}

/** By when each frame must be decoded, so that neither it nor one behind it is late. */
function latestTimes(shownAt: readonly number[], delay: number): number[] {
  let latest = Number.POSITIVE_INFINITY
  return shownAt
    .toReversed()
    .map(time => {
      latest = Math.min(latest - 1, time + delay)
      return latest
    })
    .reverse()
}

/** How much later frames must be shown, so that none is shown before it is decoded; 0 where their order is the same. */
export function reorderDelay(shownAt: readonly number[]): number {
  const decodedAt = shownAt.toSorted((a, b) => a - b)
  return shownAt.reduce((delay, time, index) => Math.max(delay, decodedAt[index]! - time), 0)
}
