import { type ContentDecoder, contentDecoder } from './content-encoding.ts'
import { type ElementTree, sameElements } from './element-tree.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { readTrackEntry } from './track-entry.ts'
import type { Track } from './tracks.ts'

/** What a frame needs of its track. */
export type TrackState = {
  readonly decoder: ContentDecoder | undefined
  readonly durationMs: number | undefined
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
      states.set(track.number, { decoder, durationMs: track.defaultDurationMs })
      return track
    })
    const list = { tracks, states }
    this.#last = { element, list }
    return list
  }
}
