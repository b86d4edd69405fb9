import type { Cue } from './cue.ts'
import type { EndedCue } from './cue-file.ts'
import type { TextCodec } from './text-codecs.ts'

type Held = {
  readonly cue: Cue
  readonly codec: TextCodec
  readonly latestMs: number
  endMs: number | undefined
}

/** No longer waits for an end than for so many cues, or so much text. */
const MOST_HELD = 64
const MOST_HELD_CHARACTERS = 256 * 1024

/**
 * Gives each cue an end, in the order of the cues: its own; or where it has none the next cue of its track, if that comes
 * within the default duration, and else the default. Memory: 64 cues or 256 Ki characters, and one cue.
 */
export class CueEnds {
  readonly #defaultMs: number
  #held: Held[] = []
  #characters = 0

  constructor(defaultDurationMs: number) {
    this.#defaultMs = defaultDurationMs
  }

  add(cue: Cue, codec: TextCodec): EndedCue[] {
    const { startMs, endMs } = cue
    const before = this.#held.findLast(held => held.cue.track.number === cue.track.number)
    // Nobody sees a cue of no length: writers that do not know the end give it so.
    if (before !== undefined)
      before.endMs ??= Math.min(before.latestMs, Math.max(startMs, before.cue.startMs + 1))
    const ownEndMs = endMs !== undefined && endMs > startMs ? endMs : undefined
    this.#held.push({ cue, codec, latestMs: startMs + this.#defaultMs, endMs: ownEndMs })
    this.#characters += cue.text.length
    return this.#give(Number.NEGATIVE_INFINITY)
  }

  /** The stream has got so far, and no cue of before comes. */
  reach(timeMs: number): EndedCue[] {
    return this.#held.length === 0 ? [] : this.#give(timeMs)
  }

  end(): EndedCue[] {
    return this.#give(Number.POSITIVE_INFINITY)
  }

  #give(timeMs: number): EndedCue[] {
    const ended: EndedCue[] = []
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const isTooMuch = this.#held.length > MOST_HELD || this.#characters > MOST_HELD_CHARACTERS
      if (first.endMs === undefined && first.latestMs > timeMs && !isTooMuch) break
      this.#held.shift()
      this.#characters -= first.cue.text.length
      const { cue, codec, endMs = first.latestMs } = first
      // What shows nothing only ended what was there.
      if (cue.plainText !== '') ended.push({ cue, codec, endMs })
    }
    return ended
  }
}
