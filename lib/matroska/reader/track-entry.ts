import { readCodecData } from '../codecs/codec-data.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { otherElements } from '../writer/tree-bytes.ts'
import type { ContentDecoder } from './content-encoding.ts'
import { encodingsLeft } from './encodings-left.ts'
import type { AudioSettings, Track, TrackFlags, TrackType } from './tracks.ts'
import { readVideoSettings } from './video-settings.ts'

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
  const language = entry.string(ID.LanguageBCP47) ?? entry.string(ID.Language) ?? 'eng'
  const audio = readAudio(entry.master(ID.Audio))
  return {
    number: entry.uint(ID.TrackNumber) ?? 0,
    uid: entry.uintBig(ID.TrackUID),
    type: TRACK_TYPES[entry.uint(ID.TrackType) ?? 0] ?? 'unknown',
    codecId,
    codecName: entry.string(ID.CodecName),
    name: entry.string(ID.Name),
    language,
    codecPrivate,
    codec: readCodecData(codecId, codecPrivate, audio),
    defaultDurationMs: readNanoseconds(entry, ID.DefaultDuration),
    codecDelayMs: readNanoseconds(entry, ID.CodecDelay),
    seekPreRollMs: readNanoseconds(entry, ID.SeekPreRoll),
    flags: readFlags(entry),
    video: readVideoSettings(entry.master(ID.Video)),
    audio,
    encrypted: decoder?.encrypted ?? false,
    otherElements: otherTrackElements(entry, language),
  }
}

function readNanoseconds(entry: ElementTree, id: number): number | undefined {
  const ns = entry.uintBig(id)
  return ns === undefined ? undefined : Number(ns) / 1e6
}

function readFlags(entry: ElementTree): TrackFlags {
  const flag = (id: number) => {
    const value = entry.uintBig(id)
    return value === undefined ? undefined : value !== 0n
  }
  return {
    enabled: flag(ID.FlagEnabled) ?? true,
    default: flag(ID.FlagDefault) ?? true,
    forced: flag(ID.FlagForced) ?? false,
    hearingImpaired: flag(ID.FlagHearingImpaired),
    visualImpaired: flag(ID.FlagVisualImpaired),
    textDescriptions: flag(ID.FlagTextDescriptions),
    original: flag(ID.FlagOriginal),
    commentary: flag(ID.FlagCommentary),
  }
}

/** Language holds three letters of ISO 639-2; all else is LanguageBCP47's, which counts where both are there. */
export function languageElementId(language: string): number {
  return /^[a-z]{3}$/.test(language) ? ID.Language : ID.LanguageBCP47
}

/** What the fields of a `Track` tell, or cannot go with its frames as they are handed on. */
const TOLD: ReadonlySet<number> = new Set([
  ...[ID.TrackNumber, ID.TrackUID, ID.TrackType, ID.Name, ID.LanguageBCP47],
  ...[ID.CodecID, ID.CodecName, ID.CodecPrivate, ID.DefaultDuration, ID.CodecDelay, ID.SeekPreRoll],
  ...[ID.FlagEnabled, ID.FlagDefault, ID.FlagForced, ID.FlagHearingImpaired, ID.FlagVisualImpaired],
  ...[ID.FlagTextDescriptions, ID.FlagOriginal, ID.FlagCommentary, ID.Video, ID.Audio],
  ...[ID.FlagLacing, ID.ContentEncodings, ID.AttachmentLink, ID.TrackTimestampScale],
])

function otherTrackElements(entry: ElementTree, language: string): Uint8Array | undefined {
  const others = otherElements(entry, new Set([...TOLD, languageElementId(language)]))
  const encodings = encodingsLeft(entry)
  if (encodings === undefined) return others
  return Uint8Array.from(Buffer.concat([...(others === undefined ? [] : [others]), encodings]))
}

function readAudio(audio: ElementTree | undefined): AudioSettings | undefined {
  if (audio === undefined) return undefined
  const outputSamplingFrequencyHz = audio.float(ID.OutputSamplingFrequency)
  return {
    samplingFrequencyHz: audio.float(ID.SamplingFrequency) ?? 8000,
    channels: audio.uint(ID.Channels) ?? 1,
    bitDepth: audio.uint(ID.BitDepth),
    ...(outputSamplingFrequencyHz === undefined ? {} : { outputSamplingFrequencyHz }),
    otherElements: otherElements(audio, TOLD_OF_AUDIO),
  }
}

const TOLD_OF_AUDIO: ReadonlySet<number> = new Set([ID.SamplingFrequency, ID.Channels, ID.BitDepth])
