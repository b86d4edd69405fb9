import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { block, master, string, uint } from '../../matroska/writer/writer.ts'
import { ebmlHeader, openHead } from '../mkv/document-head.ts'
import type { TextCodec } from './text-codecs.ts'

/**
 * A small Matroska document of text tracks alone, in the one shape that `matroska-subtitles` takes: tracks of type subtitle
 * with a codec id that begins with S_TEXT; no compression, which it takes for zlib whatever it is; no laces, which it does
 * not undo; and each text in a BlockGroup, as it passes over SimpleBlocks, in which most producers send theirs.
 */

const SUBTITLE = 0x11
const NS_IN_A_MS = 1_000_000
/** It reads text alike for every codec but these two. */
const CODEC_IDS: Readonly<Record<TextCodec, string>> = {
  srt: 'S_TEXT/UTF8',
  ass: 'S_TEXT/ASS',
  ssa: 'S_TEXT/SSA',
  webvtt: 'S_TEXT/WEBVTT',
  'webvtt-block': 'S_TEXT/WEBVTT',
  data: 'S_TEXT/WEBVTT',
}

/** The document up to its first cluster; the tracks are numbered from 1. */
export function subtitleHead(codecs: readonly TextCodec[]): Buffer {
  const tracks = codecs.map((codec, index) =>
    master(
      ID.TrackEntry,
      uint(ID.TrackNumber, index + 1),
      uint(ID.TrackUID, index + 1),
      uint(ID.TrackType, SUBTITLE),
      string(ID.CodecID, CODEC_IDS[codec]),
    ),
  )
  return Buffer.concat([
    ebmlHeader(),
    openHead(ID.Segment),
    master(ID.Info, uint(ID.TimestampScale, NS_IN_A_MS)),
    master(ID.Tracks, ...tracks),
  ])
}

/** A cluster of one text. */
export function subtitleCluster(track: number, timeMs: number, text: Uint8Array): Buffer {
  return master(
    ID.Cluster,
    uint(ID.Timestamp, timeMs),
    master(ID.BlockGroup, block({ track, relativeTimestamp: 0, frames: [text] })),
  )
}
