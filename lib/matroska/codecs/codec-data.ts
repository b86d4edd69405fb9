import type { AudioSettings } from '../reader/tracks.ts'
import { type AacData, legacyAacConfig, readAac } from './aac.ts'
import { type AvcData, readAvc } from './avc.ts'
import { type HevcData, readHevc } from './hevc.ts'
import { type BitmapInfoData, readBitmapInfo, readWaveFormat, type WaveFormatData } from './windows.ts'

/** PCM by codec id alone; rate, channels and bit depth are the track's audio settings. */
export type PcmData = { readonly kind: 'pcm'; readonly format: 'int-le' | 'int-be' | 'float' }

/** A codec whose private data getmedia does not read. */
export type OtherCodecData = { readonly kind: 'other' }

/** Private data that are missing or not what the codec id promises; `problem` says how. The frames are untouched. */
export type UnreadableCodecData = { readonly kind: 'unreadable'; readonly problem: string }

/** What a track's CodecPrivate says, by codec (RFC 9559's codec mappings). */
export type CodecData =
  | AvcData
  | HevcData
  | AacData
  | PcmData
  | WaveFormatData
  | BitmapInfoData
  | OtherCodecData
  | UnreadableCodecData

type Reader = (codecPrivate: Uint8Array) => CodecData | undefined

const READERS: readonly (readonly [codecId: RegExp, name: string, read: Reader])[] = [
  // Some producers' documents print V_MPEG/ISO/AVC, without the 4.
  [/^V_MPEG4?\/ISO\/AVC$/, 'AVCDecoderConfigurationRecord', readAvc],
  [/^V_MPEGH\/ISO\/HEVC$/, 'HEVCDecoderConfigurationRecord', readHevc],
  [/^A_AAC/, 'AudioSpecificConfig', readAac],
  [/^A_MS\/ACM$/, 'WAVEFORMATEX', readWaveFormat],
  [/^V_MS\/VFW\/FOURCC$/, 'BITMAPINFOHEADER', readBitmapInfo],
]

const PCM_FORMATS: Readonly<Record<string, PcmData['format']>> = {
  'A_PCM/INT/LIT': 'int-le',
  'A_PCM/INT/BIG': 'int-be',
  'A_PCM/FLOAT/IEEE': 'float',
}

/** `audio` is for the older ids of AAC, which have their facts there in place of a CodecPrivate. */
export function readCodecData(
  codecId: string,
  codecPrivate: Uint8Array | undefined,
  audio?: AudioSettings,
): CodecData {
  const format = Object.hasOwn(PCM_FORMATS, codecId) ? PCM_FORMATS[codecId] : undefined
  if (format !== undefined) return { kind: 'pcm', format }
  const reader = READERS.find(([pattern]) => pattern.test(codecId))
  if (reader === undefined) return { kind: 'other' }
  const [, name, read] = reader
  const config = audioConfigOf(codecId, codecPrivate, audio)
  const fromId = config === codecPrivate ? undefined : config && read(config)
  if (fromId !== undefined) return fromId
  if (codecPrivate === undefined)
    return { kind: 'unreadable', problem: `${codecId} has no CodecPrivate (${name})` }
  const data = read(codecPrivate)
  return (
    data ?? {
      kind: 'unreadable',
      problem: `the CodecPrivate of ${codecId}, ${codecPrivate.length} bytes, is no ${name}`,
    }
  )
}

/**
 * The AudioSpecificConfig of an AAC track: its CodecPrivate where that is one, else for the older codec ids what these say.
 * For other codecs, the CodecPrivate.
 */
export function audioConfigOf(
  codecId: string,
  codecPrivate: Uint8Array | undefined,
  audio: AudioSettings | undefined,
): Uint8Array | undefined {
  if (codecPrivate !== undefined && readAac(codecPrivate) !== undefined) return codecPrivate
  return legacyAacConfig(codecId, audio) ?? codecPrivate
}
