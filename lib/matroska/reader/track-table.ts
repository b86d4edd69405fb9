import { type FrameDurationReader, frameDurationReader } from '../codecs/frame-duration-reader.ts'
import { type ElementTree, sameElements } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { type ContentDecoder, contentDecoder } from './content-encoding.ts'
import { readTrackEntry } from './track-entry.ts'
import type { Track } from './tracks.ts'

/** What a frame needs of its track. */
export type TrackState = {
  readonly decoder: ContentDecoder | undefined
  readonly durationMs: number | undefined
  /** Durations by the frames' own bytes, for laces of a track without a DefaultDuration. */
  readonly codecDurationMs: FrameDurationReader | undefined
  /** What the block timestamps of this track are multiplied by (TrackTimestampScale); 1 for almost every track. */
  readonly timestampScale: number
  /** Whether a block of one frame can be read without all of the above. */
  readonly isPlain: boolean
}

/** The tracks of a Tracks element, and their states by number. */
export type TrackList = {
  readonly tracks: readonly Track[]
  readonly states: ReadonlyMap<number, TrackState>
}

export const NO_TRACKS: TrackList = { tracks: [], states: new Map() }

/**
 * Makes tracks of Tracks elements. Each document of a GetMedia payload says them again: what is the same as last time is
 * not read again, which is half of the work for a document, and gives the very same `Track`s.
 */
export class TrackTable {
  readonly #maxFrameBytes: number
  #last: { readonly element: ElementTree; readonly list: TrackList } | undefined

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  read(element: ElementTree): TrackList {
    if (this.#last !== undefined && sameElements(this.#last.element, element)) return this.#last.list
    const states = new Map<number, TrackState>()
    const tracks = element.masters(ID.TrackEntry).map(entry => {
      const decoder = contentDecoder(entry)
      const track = readTrackEntry(entry, decoder, this.#maxFrameBytes)
      states.set(track.number, stateOf(track, entry, decoder))
      return track
    })
    const list = { tracks, states }
    this.#last = { element, list }
    return list
  }
}

function stateOf(track: Track, entry: ElementTree, decoder: ContentDecoder | undefined): TrackState {
  const durationMs = track.defaultDurationMs
  const codecDurationMs =
    durationMs === undefined && track.type === 'audio' ? frameDurationReader(track) : undefined
  const timestampScale = timestampScaleOf(entry)
  // A Vorbis packet's duration depends on the packet before, so each one has to be seen.
  const isStateful = codecDurationMs !== undefined && track.codecId === 'A_VORBIS'
  const isPlain = decoder === undefined && timestampScale === 1 && !isStateful
  return { decoder, durationMs, codecDurationMs, timestampScale, isPlain }
}

/** A scale that is not above zero is out of the element's range (RFC 9559, section 5.1.4.1.15), and counts as the default. */
function timestampScaleOf(entry: ElementTree): number {
  const scale = entry.float(ID.TrackTimestampScale) ?? 1
  return Number.isFinite(scale) && scale > 0 ? scale : 1
}
