import { isAnnexB, lengthPrefixedOf } from '../../matroska/codecs/nal-units.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { DecodeTimes, reorderDelay } from '../../mp4/decode-times.ts'
import { withEditLists } from '../../mp4/edit-list.ts'
import { movieFragment, type Sample, type TrackRun } from '../../mp4/movie-fragment.ts'
import { SampleClock } from '../../mp4/sample-clock.ts'
import { OutputError } from '../shared/output-error.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'
import type { Chunk } from './chunker.ts'
import { discardedSamples } from './discarded-samples.ts'
import { initSegment } from './init-segment.ts'
import type { Mediabunny } from './mediabunny-module.ts'
import { laterMs, type Mp4Track, mp4Track } from './mp4-track.ts'

/** What a header declares. */
export type Mp4Header = {
  readonly bytes: Uint8Array
  /** For Media Source Extensions: `video/mp4; codecs="avc1.42C016,mp4a.40.2"`. */
  readonly mimeType: string
}

/** Bytes of a fragmented MP4 with one header: the header, then chunk for chunk. */
export class FragmentWriter {
  readonly #tracks: ReadonlyMap<number, TrackWriter>
  #sequenceNumber = 0

  constructor(tracks: readonly Track[]) {
    const later = laterMs(tracks)
    this.#tracks = new Map(
      tracks.map((track, index) => [
        track.number,
        new TrackWriter(mp4Track(track), index + 1, later.get(track.number)!),
      ]),
    )
  }

  /** The header; `first` is the chunk after it, of whose keyframes the codec data are made where the tracks say none. */
  async header(mediabunny: Mediabunny, first: Chunk): Promise<Mp4Header> {
    const writers = [...this.#tracks.values()]
    const tracks = writers.map(({ mp4 }) => mp4)
    const delays = writers.map(writer => writer.setDelay(first))
    return {
      bytes: withEditLists(await initSegment(mediabunny, tracks, first), delays),
      mimeType: mimeTypeOf(tracks),
    }
  }

  /**
   * The chunk as pieces to be written one after the other. A frame without a byte is not in it, and the one before is shown
   * for so much longer: players take a whole file with such a sample for broken.
   */
  chunk({ frames }: Chunk): Uint8Array[] {
    const runs: TrackRun[] = []
    for (const [number, writer] of this.#tracks) {
      const own = frames.filter(({ frame }) => frame.track === number)
      const filled = own
        .map(placed => ({ placed, data: payloadOf(writer.mp4, placed.frame.data) }))
        .filter(({ data }) => data.length > 0)
      if (filled.length > 0) runs.push(writer.run(filled))
    }
    return runs.length === 0 ? [] : movieFragment(++this.#sequenceNumber, runs)
  }
}

function mimeTypeOf(tracks: readonly Mp4Track[]): string {
  const kind = tracks.some(({ type }) => type === 'video') ? 'video' : 'audio'
  return `${kind}/mp4; codecs="${tracks.map(({ codecString }) => codecString).join(',')}"`
}

/** A frame and its bytes, of which there are some. */
type Filled = { readonly placed: PlacedFrame; readonly data: Uint8Array }

class TrackWriter {
  readonly mp4: Mp4Track
  readonly #id: number
  readonly #decodeTimes = new DecodeTimes()
  readonly #clock: SampleClock
  readonly #laterMs: number
  #delay = 0

  constructor(mp4: Mp4Track, id: number, laterMs: number) {
    this.mp4 = mp4
    this.#id = id
    this.#laterMs = laterMs
    this.#clock = new SampleClock(mp4.timescale)
  }

  /** Video may be sent in another order than it is shown in; the first chunk tells by how much. In ticks. */
  setDelay({ frames }: Chunk): number {
    if (this.mp4.type !== 'video') return 0
    const own = frames.filter(({ frame }) => frame.track === this.mp4.track.number)
    this.#delay = reorderDelay(own.map(placed => this.#shownAt(placed)))
    return this.#delay
  }

  run(filled: readonly Filled[]): TrackRun {
    const frames = filled.map(({ placed }) => placed)
    const shownAt = frames.map(placed => this.#shownAt(placed))
    const decodeTimes = this.#decodeTimes.of(shownAt, this.#delay)
    const samples = filled.map(({ placed, data }, index): Sample => {
      const decodeTime = decodeTimes[index]!
      const next = decodeTimes[index + 1] ?? decodeTime + this.#lastDuration(frames)
      return {
        data,
        duration: next - decodeTime,
        compositionOffset: shownAt[index]! + this.#delay - decodeTime,
        keyframe: placed.frame.keyframe,
      }
    })
    return { trackId: this.#id, decodeTime: decodeTimes[0]!, samples }
  }

  #shownAt({ frame, timeMs }: PlacedFrame): number {
    const atMs = Math.max(0, timeMs) + this.#laterMs
    if (this.mp4.type === 'video') return Math.round(atMs)
    return this.#clock.place(atMs, this.mp4.samplesOf(frame.data))
  }

  /** Of the frame that is shown last nothing is known but how long it says that it lasts; it need not have come last. */
  #lastDuration(frames: readonly PlacedFrame[]): number {
    const { frame } = frames.at(-1)!
    const samples = this.mp4.type === 'audio' ? this.mp4.samplesOf(frame.data) : undefined
    const { atEnd } = discardedSamples(this.mp4, frame)
    if (samples !== undefined && samples > 0) return Math.max(1, samples - atEnd)
    const [timeMs, endMs] = frames.reduce(
      ([time, end], placed) => [Math.max(time, placed.timeMs), Math.max(end, placed.endMs)],
      [0, 0],
    )
    return Math.max(1, Math.round(((endMs - timeMs) * this.mp4.timescale) / 1000) - atEnd)
  }
}

/**
 * A frame as MP4 holds it: its NAL units behind their lengths, where some producers put start codes. Throws `OutputError`
 * where a unit is longer than the lengths that the track's codec data promise can say.
 */
export function payloadOf({ type, track }: Mp4Track, data: Uint8Array): Uint8Array {
  if (type !== 'video' || !isAnnexB(data)) return data
  const { codec } = track
  const lengthSize = codec.kind === 'h264' || codec.kind === 'h265' ? codec.nalLengthSize : 4
  try {
    return lengthPrefixedOf(data, lengthSize)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const problem = `${cause.message}, which the codec data of track ${track.number} promise`
    throw new OutputError('MP4', `${problem}; MkvFileSink takes every stream`, { cause })
  }
}
