import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { binary, encodeId, master, uint } from '../../matroska/writer/writer.ts'
import { voidOf } from './document-head.ts'

/** Where a player can begin: a keyframe and the cluster that holds it. */
export type CuePoint = {
  readonly timeMs: number
  readonly track: number
  /** Bytes from the first byte of the Segment's content. */
  readonly clusterAt: number
}

/** Segment\Cues (RFC 9559, section 5.1.5). */
export function cuesElement(points: readonly CuePoint[]): Buffer {
  return master(
    ID.Cues,
    ...points.map(({ timeMs, track, clusterAt }) =>
      master(
        ID.CuePoint,
        uint(ID.CueTime, timeMs),
        master(ID.CueTrackPositions, uint(ID.CueTrack, track), uint(ID.CueClusterPosition, clusterAt)),
      ),
    ),
  )
}

/** Room for a SeekHead of three entries and a Void behind it. */
export const SEEK_HEAD_BYTES = 96

/** Segment\SeekHead (RFC 9559, section 5.1.1) and a Void, `SEEK_HEAD_BYTES` together. Positions count as those of cues. */
export function seekHead(positions: ReadonlyMap<number, number>): Buffer {
  const entries = Array.from(positions, ([id, position]) =>
    master(ID.Seek, binary(ID.SeekID, encodeId(id)), uint(ID.SeekPosition, position)),
  )
  const head = master(ID.SeekHead, ...entries)
  return Buffer.concat([head, voidOf(SEEK_HEAD_BYTES - head.length)])
}
