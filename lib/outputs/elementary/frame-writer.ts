import type { FragmentFrame } from '../../get-media/events.ts'
import type { Track } from '../../matroska/reader/tracks.ts'

/** Makes an elementary stream of a track's frames; each is on its own, nothing is held back. */
export type FrameWriter = {
  /** The track as it is from now on: its codec data have changed. */
  setTrack(track: Track): void
  /** The frame's bytes; `undefined` while decoding cannot begin. Throws `OutputError` for a frame that does not fit. */
  write(frame: FragmentFrame): Uint8Array | undefined
  /** Why nothing was written of a track that had frames. */
  readonly problem: string
}
