import { isAnnexB, lengthPrefixedOf } from '../../mkv/codecs/nal-units.ts'
import type { Track } from '../../mkv/tracks.ts'
import type { PlacedFrame } from '../timeline/timeline.ts'
import type { Chunk } from './chunker.ts'
import { DecodeTimes, reorderDelay } from './decode-times.ts'
import { withEditLists } from './edit-list.ts'
import { initSegment } from './init-segment.ts'
import type { Mediabunny } from './mediabunny-module.ts'
import { movieFragment, type Sample, type TrackRun } from './movie-fragment.ts'
import { type Mp4Track, mp4Track } from './mp4-track.ts'
import { SampleClock } from './sample-clock.ts'

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
    this.#tracks = new Map(
      tracks.map((track, index) => [track.number, new TrackWriter(mp4Track(track), index + 1)]),
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

  /** The chunk as pieces to be written one after the other. */
  chunk({ frames }: Chunk): Uint8Array[] {
    const runs: TrackRun[] = []
    for (const [number, writer] of this.#tracks) {
      const own = frames.filter(({ frame }) => frame.track === number)
      if (own.length > 0) runs.push(writer.run(own))
    }
    return movieFragment(++this.#sequenceNumber, runs)
  }
}

function mimeTypeOf(tracks: readonly Mp4Track[]): string {
  const kind = tracks.some(({ type }) => type === 'video') ? 'video' : 'audio'
  return `${kind}/mp4; codecs="${tracks.map(({ codecString }) => codecString).join(',')}"`
}

class TrackWriter {
  readonly mp4: Mp4Track
  readonly #id: number
  readonly #decodeTimes = new DecodeTimes()
  readonly #clock: SampleClock
  #delay = 0

  constructor(mp4: Mp4Track, id: number) {
    this.mp4 = mp4
    this.#id = id
    this.#clock = new SampleClock(mp4.timescale)
  }

  /** Video may be sent in another order than it is shown in; the first chunk tells by how much. In ticks. */
  setDelay({ frames }: Chunk): number {
    if (this.mp4.type !== 'video') return 0
    const own = frames.filter(({ frame }) => frame.track === this.mp4.track.number)
    this.#delay = reorderDelay(own.map(placed => this.#shownAt(placed)))
    return this.#delay
  }

  run(frames: readonly PlacedFrame[]): TrackRun {
    const shownAt = frames.map(placed => this.#shownAt(placed))
    const decodeTimes = this.#decodeTimes.of(shownAt)
    const samples = frames.map(({ frame, timeMs, endMs }, index): Sample => {
      const decodeTime = decodeTimes[index]!
      // Of the last frame nothing is known but how long it says that it lasts.
      const next = decodeTimes[index + 1] ?? decodeTime + this.#ticks(frame.data, endMs - timeMs)
      return {
        data: payloadOf(this.mp4, frame.data),
        duration: next - decodeTime,
        compositionOffset: shownAt[index]! + this.#delay - decodeTime,
        keyframe: frame.keyframe,
      }
    })
    return { trackId: this.#id, decodeTime: decodeTimes[0]!, samples }
  }

  #shownAt({ frame, timeMs }: PlacedFrame): number {
    if (this.mp4.type === 'video') return Math.max(0, timeMs)
    return Math.max(0, this.#clock.place(timeMs, this.mp4.samplesOf(frame.data)))
  }

  #ticks(data: Uint8Array, durationMs: number): number {
    const samples = this.mp4.type === 'audio' ? this.mp4.samplesOf(data) : undefined
    return samples ?? Math.max(1, Math.round((durationMs * this.mp4.timescale) / 1000))
  }
}

/** A frame as MP4 holds it: its NAL units behind their lengths, where some producers put start codes. */
export function payloadOf({ type, track }: Mp4Track, data: Uint8Array): Uint8Array {
  if (type !== 'video' || !isAnnexB(data)) return data
  const { codec } = track
  const lengthSize = codec.kind === 'h264' || codec.kind === 'h265' ? codec.nalLengthSize : 4
  return lengthPrefixedOf(data, lengthSize)
}
