import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import type { Track, TrackType } from '../../mkv/tracks.ts'
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
} from '../../mkv/writer.ts'
import { OutputError } from '../output-error.ts'

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
    ...(startedAt === null ? [] : [dateUtc(startedAt)]),
    string(ID.MuxingApp, APP),
    string(ID.WritingApp, APP),
  )
  return { bytes, durationAt: bytes.indexOf(voidOf(DURATION_BYTES)) }
}

/** Nanoseconds from 2001-01-01T00:00:00Z (RFC 8794, section 7.6). */
function dateUtc(date: Date): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeBigInt64BE(BigInt(date.getTime() - Date.UTC(2001, 0, 1)) * 1_000_000n)
  return binary(ID.DateUTC, payload)
}

const TRACK_TYPES: Readonly<Record<TrackType, number>> = {
  video: 1,
  audio: 2,
  complex: 3,
  logo: 16,
  subtitle: 17,
  buttons: 18,
  control: 32,
  metadata: 33,
  unknown: 33,
}

/** Segment\Tracks, with the CodecPrivate bit for bit. Throws `OutputError` for an encrypted track, whose keys' names are not known here. */
export function tracksElement(tracks: readonly Track[]): Buffer {
  return master(ID.Tracks, ...tracks.map(trackEntry))
}

function trackEntry(track: Track): Buffer {
  if (track.encrypted) {
    throw new OutputError('MKV', `track ${track.number} is encrypted; keep the payload as it came instead`)
  }
  const { number, uid, name, codecName, codecPrivate, defaultDurationMs } = track
  const optional = (there: unknown, make: () => Buffer) => (there === undefined ? [] : [make()])
  return master(
    ID.TrackEntry,
    uint(ID.TrackNumber, number),
    uint(ID.TrackUID, uid || number),
    uint(ID.TrackType, TRACK_TYPES[track.type]),
    uint(ID.FlagLacing, 0),
    ...optional(name, () => string(ID.Name, name!)),
    string(ID.Language, track.language),
    string(ID.CodecID, track.codecId),
    ...optional(codecName, () => string(ID.CodecName, codecName!)),
    ...optional(codecPrivate, () => binary(ID.CodecPrivate, codecPrivate!)),
    ...optional(defaultDurationMs, () => uint(ID.DefaultDuration, Math.round(defaultDurationMs! * 1e6))),
    ...videoElement(track),
    ...audioElement(track),
  )
}

function videoElement({ video }: Track): Buffer[] {
  if (video === undefined) return []
  const { pixelWidth, pixelHeight, displayWidth, displayHeight } = video
  return [
    master(
      ID.Video,
      uint(ID.PixelWidth, pixelWidth),
      uint(ID.PixelHeight, pixelHeight),
      ...(displayWidth === undefined ? [] : [uint(ID.DisplayWidth, displayWidth)]),
      ...(displayHeight === undefined ? [] : [uint(ID.DisplayHeight, displayHeight)]),
    ),
  ]
}

function audioElement({ audio }: Track): Buffer[] {
  if (audio === undefined) return []
  const { samplingFrequencyHz, channels, bitDepth } = audio
  return [
    master(
      ID.Audio,
      float(ID.SamplingFrequency, samplingFrequencyHz),
      uint(ID.Channels, channels),
      ...(bitDepth === undefined ? [] : [uint(ID.BitDepth, bitDepth)]),
    ),
  ]
}
