import type { Track } from '../../matroska/reader/tracks.ts'

/**
 * How the text of a track is written: `srt` as it is shown, with the tags that players of SRT know; `ass` and `ssa` behind
 * the fields of an event; `webvtt` as a cue's text alone; `webvtt-block` behind its identifier and its settings, a line
 * each (the mapping of WebM); `data` the same, but with text that is for programs.
 */
export type TextCodec = 'srt' | 'ass' | 'ssa' | 'webvtt' | 'webvtt-block' | 'data'

/** By codec id (Matroska Codec Specifications, section 5); S_ASS and S_SSA are those of old files. */
const CODECS: Readonly<Record<string, TextCodec>> = {
  'S_TEXT/UTF8': 'srt',
  'S_TEXT/ASCII': 'srt',
  'S_TEXT/ASS': 'ass',
  S_ASS: 'ass',
  'S_TEXT/SSA': 'ssa',
  S_SSA: 'ssa',
  'S_TEXT/WEBVTT': 'webvtt',
  'D_WEBVTT/SUBTITLES': 'webvtt-block',
  'D_WEBVTT/CAPTIONS': 'webvtt-block',
  'D_WEBVTT/DESCRIPTIONS': 'webvtt-block',
  'D_WEBVTT/METADATA': 'data',
}

/** `undefined` for a track that is no text. */
export function textCodec({ codecId }: Track): TextCodec | undefined {
  return Object.hasOwn(CODECS, codecId) ? CODECS[codecId] : undefined
}
