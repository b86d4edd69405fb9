import { type MimeType, parseMimeType } from '../../core/mime-type.ts'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { OutputError } from '../shared/output-error.ts'

/** How the samples of a track are written: signed or unsigned integers, floats, or G.711, whose samples are 16 bits when decoded. */
export type PcmEncoding =
  | 'u8'
  | 's16le'
  | 's16be'
  | 's24le'
  | 's24be'
  | 's32le'
  | 's32be'
  | 'f32le'
  | 'f64le'
  | 'mulaw'
  | 'alaw'

export type PcmFormat = {
  readonly sampleRateHz: number
  /** Channels of the track itself, interleaved. */
  readonly channels: number
  readonly encoding: PcmEncoding
}

const ENCODINGS: readonly PcmEncoding[] = [
  ...(['u8', 's16le', 's16be', 's24le', 's24be', 's32le', 's32be'] as const),
  ...(['f32le', 'f64le', 'mulaw', 'alaw'] as const),
]

/** Checks a format that a caller gives. */
const PCM_FORMAT_OPTIONS = optionNames<PcmFormat>({ sampleRateHz: true, channels: true, encoding: true })

export function formatOption(format: PcmFormat | undefined): PcmFormat | undefined {
  if (format === undefined) return undefined
  knownOptions('`format`', format, PCM_FORMAT_OPTIONS, 'format.')
  const count = { min: 1, integer: true }
  return {
    sampleRateHz: numberOption(
      'format.sampleRateHz',
      format.sampleRateHz,
      CONNECT_FORMAT.sampleRateHz,
      count,
    ),
    channels: numberOption('format.channels', format.channels, CONNECT_FORMAT.channels, count),
    encoding: choiceOption('format.encoding', format.encoding, CONNECT_FORMAT.encoding, ENCODINGS),
  }
}

/** Tracks of an Amazon Connect call, the customer first; older streams had the one. */
export const CONNECT_TRACKS: readonly string[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']
export const OLD_CONNECT_TRACK = 'Track_audio/L16'

/** What Amazon Connect sends where its tags do not say. */
export const CONNECT_FORMAT: PcmFormat = { sampleRateHz: 8000, channels: 1, encoding: 's16le' }

/** L16 is big-endian by RFC 2586; Amazon Connect writes it and sends little-endian, as WAV has it. */
const MIME_ENCODINGS: Readonly<Record<string, PcmEncoding>> = {
  l8: 'u8',
  l16: 's16le',
  l24: 's24le',
  l32: 's32le',
  pcm: 's16le',
  raw: 's16le',
  basic: 'mulaw',
  pcmu: 'mulaw',
  mulaw: 'mulaw',
  pcma: 'alaw',
  alaw: 'alaw',
}

/**
 * A track's sample format: by the MimeType tag, such as `audio/L16;rate=8000;channels=1;`, and else by its codec id and
 * settings. `undefined` for a track of Amazon Connect while no tag has come: it is marked `A_AAC` and holds PCM.
 * Throws `OutputError` where the samples are not PCM.
 */
export function pcmFormatOf(track: Track, mimeTypeTag: string | undefined): PcmFormat | undefined {
  const mimeType = mimeTypeTag === undefined ? undefined : parseMimeType(mimeTypeTag)
  const byTag = mimeType && formatByMimeType(mimeType)
  const format = byTag ?? formatByCodec(track)
  if (format !== undefined) return format
  const isConnect = track.name !== undefined && [...CONNECT_TRACKS, OLD_CONNECT_TRACK].includes(track.name)
  if (isConnect && mimeType === undefined) return undefined
  const says = mimeTypeTag === undefined ? '' : ` and the MimeType tag says ${mimeTypeTag}`
  const problem = `track ${track.number} is ${track.codecId}${says}, which is no PCM; pass \`format\` if its samples are`
  throw new OutputError('WavWriter', problem)
}

function formatByMimeType({ type, parameters }: MimeType): PcmFormat | undefined {
  const subtype = /^audio\/(?:x-)?([a-z0-9]+)$/.exec(type)?.[1]
  const encoding = subtype === undefined ? undefined : MIME_ENCODINGS[subtype]
  if (encoding === undefined) return undefined
  return {
    encoding,
    sampleRateHz: positiveInteger(parameters.get('rate')) ?? CONNECT_FORMAT.sampleRateHz,
    channels: positiveInteger(parameters.get('channels')) ?? CONNECT_FORMAT.channels,
  }
}

function positiveInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined
}

function formatByCodec(track: Track): PcmFormat | undefined {
  const format = declaredFormat(track)
  return format !== undefined && format.channels >= 1 && format.sampleRateHz >= 1 ? format : undefined
}

function declaredFormat({ codec, audio }: Track): PcmFormat | undefined {
  if (codec.kind === 'wave-format') {
    const { formatTag, bitDepth, sampleRateHz, channels } = codec
    const encoding = waveEncoding(formatTag, bitDepth)
    return encoding && { encoding, sampleRateHz, channels }
  }
  if (codec.kind !== 'pcm' || audio === undefined) return undefined
  const encoding = PCM_ENCODINGS[codec.format][audio.bitDepth ?? (codec.format === 'float' ? 32 : 16)]
  return encoding && { encoding, sampleRateHz: audio.samplingFrequencyHz, channels: audio.channels }
}

type ByBitDepth = Readonly<Record<number, PcmEncoding | undefined>>

const PCM_ENCODINGS: Readonly<Record<'int-le' | 'int-be' | 'float', ByBitDepth>> = {
  'int-le': { 8: 'u8', 16: 's16le', 24: 's24le', 32: 's32le' },
  'int-be': { 8: 'u8', 16: 's16be', 24: 's24be', 32: 's32be' },
  float: { 32: 'f32le', 64: 'f64le' },
}

/** Format tags of RFC 2361. */
function waveEncoding(formatTag: number, bitDepth: number): PcmEncoding | undefined {
  if (formatTag === 0x0006) return 'alaw'
  if (formatTag === 0x0007) return 'mulaw'
  if (formatTag === 0x0003) return PCM_ENCODINGS.float[bitDepth]
  return formatTag === 0x0001 ? PCM_ENCODINGS['int-le'][bitDepth] : undefined
}
