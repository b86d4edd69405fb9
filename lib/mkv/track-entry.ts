import { readCodecData } from './codecs/codec-data.ts'
import type { ContentDecoder } from './content-encoding.ts'
import type { ElementTree } from './element-tree.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import type { AudioSettings, Track, TrackType, VideoSettings } from './tracks.ts'

const TRACK_TYPES: Readonly<Record<number, TrackType>> = {
  1: 'video',
  2: 'audio',
  3: 'complex',
  16: 'logo',
  17: 'subtitle',
  18: 'buttons',
  32: 'control',
  33: 'metadata',
}

/** A TrackEntry as a `Track`. */
export function readTrackEntry(
  entry: ElementTree,
  decoder: ContentDecoder | undefined,
  maxFrameBytes: number,
): Track {
  const codecId = entry.string(ID.CodecID) ?? ''
  const stored = entry.bytes(ID.CodecPrivate)
  const where = {
    byteOffset: entry.byteOffset,
    elementPath: 'Segment/Tracks/TrackEntry/CodecPrivate',
    maxFrameBytes,
  }
  const restored = stored && decoder ? decoder.codecPrivate(stored, where) : stored
  const codecPrivate = restored && Uint8Array.from(restored)
  const defaultDurationNs = entry.uintBig(ID.DefaultDuration)
  return {
    number: entry.uint(ID.TrackNumber) ?? 0,
    uid: entry.uintBig(ID.TrackUID),
    type: TRACK_TYPES[entry.uint(ID.TrackType) ?? 0] ?? 'unknown',
    codecId,
    codecName: entry.string(ID.CodecName),
    name: entry.string(ID.Name),
    language: entry.string(ID.LanguageBCP47) ?? entry.string(ID.Language) ?? 'eng',
    codecPrivate,
    codec: readCodecData(codecId, codecPrivate),
    defaultDurationMs: defaultDurationNs === undefined ? undefined : Number(defaultDurationNs) / 1e6,
    video: readVideo(entry.master(ID.Video)),
    audio: readAudio(entry.master(ID.Audio)),
    encrypted: decoder?.encrypted ?? false,
  }
}

function readVideo(video: ElementTree | undefined): VideoSettings | undefined {
  if (video === undefined) return undefined
  return {
    pixelWidth: video.uint(ID.PixelWidth) ?? 0,
    pixelHeight: video.uint(ID.PixelHeight) ?? 0,
    displayWidth: video.uint(ID.DisplayWidth),
    displayHeight: video.uint(ID.DisplayHeight),
  }
}

function readAudio(audio: ElementTree | undefined): AudioSettings | undefined {
  if (audio === undefined) return undefined
  return {
    samplingFrequencyHz: audio.float(ID.SamplingFrequency) ?? 8000,
    channels: audio.uint(ID.Channels) ?? 1,
    bitDepth: audio.uint(ID.BitDepth),
  }
}
