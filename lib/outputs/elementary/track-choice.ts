import { OptionError } from '../../core/errors.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { OutputError } from '../shared/output-error.ts'

export type TrackChoiceOptions = {
  /** The output's class, for errors. */
  readonly output: string
  /** Number or name; `undefined` for the first that fits. */
  readonly track: number | string | undefined
  /** Whether the output can take it. */
  readonly fits: (track: Track) => boolean
  /** What fits, for errors: `no video`. */
  readonly wanted: string
}

/**
 * Which track an output takes, fragment by fragment: the one that was asked for, or else the first that fits. A track that
 * was found is known again by its name, since its number may be another one in the next session, and else by its number.
 */
export class TrackChoice {
  readonly #options: TrackChoiceOptions
  #chosen: Track | undefined

  constructor(options: TrackChoiceOptions) {
    const { track } = options
    const isTrack =
      track === undefined ||
      (typeof track === 'number'
        ? Number.isInteger(track) && track > 0
        : typeof track === 'string' && track !== '')
    if (!isTrack) throw new OptionError('track', 'be the number or the name of a track', track)
    this.#options = options
  }

  /**
   * The track, or `undefined` for a fragment that lacks it. Throws `OutputError` where the first fragment has none that fits,
   * and for one that is encrypted.
   */
  of(tracks: readonly Track[]): Track | undefined {
    const track = this.#find(tracks)
    if (track === undefined) {
      if (this.#chosen === undefined) throw this.#missing(tracks)
      return undefined
    }
    if (track.encrypted) {
      throw new OutputError(this.#options.output, `track ${describe(track)} is encrypted; decrypt it before`)
    }
    this.#chosen = track
    return track
  }

  #find(tracks: readonly Track[]): Track | undefined {
    const { track, fits } = this.#options
    if (typeof track === 'number') return tracks.find(({ number }) => number === track)
    if (typeof track === 'string') return tracks.find(({ name }) => name === track)
    const chosen = this.#chosen
    if (chosen === undefined) return tracks.find(fits)
    const isNamed = chosen.name !== undefined && chosen.name !== ''
    const byName = isNamed ? tracks.find(({ name }) => name === chosen.name) : undefined
    return byName ?? tracks.find(({ number, type }) => number === chosen.number && type === chosen.type)
  }

  #missing(tracks: readonly Track[]): OutputError {
    const { output, track, wanted } = this.#options
    const found = tracks.length === 0 ? 'no tracks' : tracks.map(describe).join(', ')
    const problem = track === undefined ? wanted : `no track ${JSON.stringify(track)}`
    return new OutputError(
      output,
      `the stream has ${problem}; there is ${found}. Set \`track\` to one of them`,
    )
  }
}

export function describe({ number, name, codecId }: Track): string {
  return `${number}${name === undefined || name === '' ? '' : ` ${JSON.stringify(name)}`} (${codecId})`
}
