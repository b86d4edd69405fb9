import type { FragmentFrame } from '../../../get-media/events.ts'
import {
  type FrameDurationReader,
  frameDurationReader,
} from '../../../matroska/codecs/frame-duration-reader.ts'
import type { Track } from '../../../matroska/reader/tracks.ts'

/**
 * How long the frames of some tracks last: by the container, and where it does not say by their codecs. It must see all
 * frames of a track in their order, since a packet of Vorbis depends on the one before.
 */
export class FrameDurations {
  readonly #readers: ReadonlyMap<number, FrameDurationReader | undefined>

  constructor(tracks: readonly Track[]) {
    const needsCodec = (track: Track) => track.type === 'audio' && track.defaultDurationMs === undefined
    this.#readers = new Map(
      tracks.filter(needsCodec).map(track => [track.number, frameDurationReader(track)]),
    )
  }

  /** Milliseconds by the container and by the codec; `undefined` where one of them does not say. */
  of({ track, durationMs, data }: FragmentFrame): {
    readonly containerMs: number | undefined
    readonly codecMs: number | undefined
  } {
    return { containerMs: durationMs, codecMs: this.#readers.get(track)?.(data) }
  }
}
