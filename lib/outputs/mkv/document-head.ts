import type { Track } from '../../matroska/reader/tracks.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import {
  binary,
  element,
  encodeId,
  encodeSize,
  float,
  master,
  string,
  UNKNOWN_SIZE,
  uint,
} from '../../matroska/writer/writer.ts'
import { trackElement, trackUids } from './track-element.ts'

/** The parts of a Matroska document before its clusters, as bytes (RFC 9559, section 5.1). */

/** Nanoseconds in a tick: times are in whole milliseconds, as Kinesis Video's are. */
const TIMESTAMP_SCALE_NS = 1_000_000
const APP = 'getmedia'

/** An EBML header (RFC 8794, section 11.2). SimpleBlocks need a reader of version 2. */
export function ebmlHeader(): Buffer {
  return master(
    ID.EBML,
    uint(ID.EBMLVersion, 1),
    uint(ID.EBMLReadVersion, 1),
    uint(ID.EBMLMaxIDLength, 4),
    uint(ID.EBMLMaxSizeLength, 8),
    string(ID.DocType, 'matroska'),
    uint(ID.DocTypeVersion, 4),
    uint(ID.DocTypeReadVersion, 2),
  )
}

/** The head of a Segment or a Cluster whose size is not known yet, in 8 octets that can be written over. */
export function openHead(id: number): Buffer {
  return Buffer.concat([encodeId(id), encodeSize(UNKNOWN_SIZE, 8)])
}

/** Bytes of a Duration, and of what is written in its place while it is not known. */
export const DURATION_BYTES = 11

/** Info\Duration, in milliseconds, in `DURATION_BYTES` bytes. */
export function durationElement(durationMs: number): Buffer {
  return float(ID.Duration, durationMs)
}

/** A Void of so many bytes in all; from 2 to 128. */
export function voidOf(bytes: number): Buffer {
  return element(ID.Void, Buffer.alloc(bytes - 2), { sizeWidth: 1 })
}

/** Segment\Info, and where in it a Duration can be written later: over a Void, its first child. */
export function infoElement(startedAt: Date | null): { readonly bytes: Buffer; readonly durationAt: number } {
  const bytes = master(
    ID.Info,
    voidOf(DURATION_BYTES),
    uint(ID.TimestampScale, TIMESTAMP_SCALE_NS),
    ...dateUtc(startedAt),
    string(ID.MuxingApp, APP),
    string(ID.WritingApp, APP),
  )
  return { bytes, durationAt: bytes.indexOf(voidOf(DURATION_BYTES)) }
}

/** Nanoseconds from 2001-01-01T00:00:00Z (RFC 8794, section 7.6), which 64 bits hold from 1708 to 2293. */
function dateUtc(date: Date | null): Buffer[] {
  if (date === null) return []
  const ns = BigInt(date.getTime() - Date.UTC(2001, 0, 1)) * 1_000_000n
  if (BigInt.asIntN(64, ns) !== ns) return []
  const payload = Buffer.alloc(8)
  payload.writeBigInt64BE(ns)
  return [binary(ID.DateUTC, payload)]
}

/** Segment\Tracks, with the CodecPrivate bit for bit. */
export function tracksElement(tracks: readonly Track[]): Buffer {
  const uids = trackUids(tracks)
  return master(ID.Tracks, ...tracks.map((track, index) => trackElement(track, uids[index]!)))
}
