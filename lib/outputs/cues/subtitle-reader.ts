import { setImmediate as nextTurn } from 'node:timers/promises'
import { SubtitleParser } from 'matroska-subtitles'
import { OutputError } from '../shared/output-error.ts'
import { subtitleCluster, subtitleHead } from './subtitle-document.ts'
import type { TextCodec } from './text-codecs.ts'

/** What the parser makes of a frame. The fields of SSA and ASS are the text between the commas. */
export type ParsedText = {
  readonly text: string
  readonly layer?: string
  readonly style?: string
  readonly name?: string
  readonly marginL?: string
  readonly marginR?: string
  readonly marginV?: string
  readonly effect?: string
}

/** More is no text: it would be copied, and split at each comma. */
const MOST_TEXT_BYTES = 1024 * 1024

/**
 * Reads the frames of text tracks with `matroska-subtitles`, one after the other, as blocks of one document.
 *
 * The time of a block is a ticket that we draw, so that its cue is known by it. The frame's own time would not do: times
 * from 2^48 on come back as text, and durations that are not there as NaN. Memory: one text, of 1 MiB at most.
 */
export class SubtitleReader {
  readonly #parser = new SubtitleParser()
  readonly #head: Buffer
  #ticket = 0
  #cue: ParsedText | undefined
  #isOpen = false

  /** The codec of each track, whose numbers here are their places in the list, from 1. */
  constructor(codecs: readonly TextCodec[]) {
    this.#head = subtitleHead(codecs)
    this.#parser.on('subtitle', subtitle => {
      if (subtitle.time === this.#ticket) this.#cue = subtitle
    })
  }

  /** One read at a time. Rejects with `OutputError` for a text of more than 1 MiB, and rather than lose one. */
  async read(track: number, text: Uint8Array): Promise<ParsedText> {
    if (text.length > MOST_TEXT_BYTES) {
      const problem = `a text of ${text.length} bytes, where ${MOST_TEXT_BYTES} are the most; leave its track out with \`track\``
      throw new OutputError('CueExtractor', problem)
    }
    await this.#open()
    this.#cue = undefined
    this.#parser.write(subtitleCluster(track, ++this.#ticket, text))
    // The parser tells at once, or else in ticks of this turn.
    if (this.#cue === undefined) await nextTurn()
    const cue = this.#cue as ParsedText | undefined
    if (cue === undefined) throw new OutputError('CueExtractor', 'matroska-subtitles lost a text')
    return cue
  }

  /** The parser begins to read in the next tick, and only then do its failures come back from `write`. */
  async #open(): Promise<void> {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#parser.write(this.#head)
    await nextTurn()
  }
}
