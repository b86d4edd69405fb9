import type { Track } from '../../matroska/reader/tracks.ts'
import { sameTracks } from '../shared/timeline/same-tracks.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'
import type { Cue, CueTrack } from './cue.ts'
import { cueText } from './cue-text.ts'
import { plainText } from './plain-text.ts'
import { SubtitleReader } from './subtitle-reader.ts'
import { textBytes } from './text-bytes.ts'
import { type TextCodec, textCodec } from './text-codecs.ts'

/** A track that is read, and its number in the parser's document. */
type ReadTrack = { readonly codec: TextCodec; readonly told: CueTrack; readonly place: number }

/** A cue, and how its text is written. */
export type ReadCue = { readonly cue: Cue; readonly codec: TextCodec }

/** Makes cues of placed frames: one parser while the text tracks stay the same. */
export class CueReader {
  #tracks: readonly Track[] = []
  #byNumber: ReadonlyMap<number, ReadTrack> = new Map()
  #reader: SubtitleReader | undefined

  /** The frames that come now are of these text tracks; others are not read. */
  setTracks(tracks: readonly Track[]): void {
    if (sameTracks(tracks, this.#tracks)) return
    const read = tracks.map((track, index): [number, ReadTrack] => {
      const { number, name, language, codecId } = track
      return [
        number,
        { codec: textCodec(track)!, told: { number, name, language, codecId }, place: index + 1 },
      ]
    })
    this.#tracks = tracks
    this.#byNumber = new Map(read)
    this.#reader = new SubtitleReader(read.map(([, { codec }]) => codec))
  }

  reads(track: number): boolean {
    return this.#byNumber.has(track)
  }

  /** One at a time, of a track that it reads. */
  async read({ frame, timeMs }: PlacedFrame): Promise<ReadCue> {
    const { codec, told, place } = this.#byNumber.get(frame.track)!
    const data = textBytes(frame.data)
    const subtitle = await this.#reader!.read(place, data)
    const { text, ...fields } = cueText(codec, subtitle, data)
    const { durationMs, wallClock, timestampMs, fragmentNumber } = frame
    return {
      codec,
      cue: {
        type: 'cue',
        wallClock,
        endWallClock: wallClock === null ? null : later(wallClock, durationMs),
        startMs: timeMs,
        endMs: durationMs === undefined ? undefined : timeMs + Math.round(durationMs),
        durationMs,
        timestampMs,
        fragmentNumber,
        track: told,
        plainText: plainText(codec, text),
        text,
        ...fields,
      },
    }
  }
}

function later(date: Date, ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(date.getTime() + ms)
}
