import type { AudioSettings } from '../reader/tracks.ts'

/** AAC: the AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2.1). */
export type AacData = {
  readonly kind: 'aac'
  /** 1 main, 2 LC, 5 SBR (HE-AAC) … */
  readonly objectType: number
  readonly sampleRateHz: number
  /** Channel configuration as written: 1 mono, 2 stereo, 7 for 7.1; 0 where the stream itself says. */
  readonly channelConfiguration: number
}

const SAMPLE_RATES_HZ = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]
const ESCAPE_OBJECT_TYPE = 31
const ESCAPE_SAMPLE_RATE = 15

export function readAac(bytes: Uint8Array): AacData | undefined {
  const config = readConfig(new BitReader(bytes))
  if (config === undefined) return undefined
  const { objectType, sampleRateHz, channelConfiguration } = config
  return { kind: 'aac', objectType, sampleRateHz, channelConfiguration }
}

/**
 * The AudioSpecificConfig of a track by one of Matroska's older codec ids, such as `A_AAC/MPEG4/LC/SBR`, which have no
 * CodecPrivate: profile and SBR are in the id, rates and channels in the track's settings. `undefined` for any other id,
 * and for settings that no AudioSpecificConfig can express.
 */
export function legacyAacConfig(codecId: string, audio: AudioSettings | undefined): Uint8Array | undefined {
  const [, profile = '', sbr] = /^A_AAC\/MPEG[24]\/(MAIN|LC|SSR|LTP)(\/SBR)?/.exec(codecId) ?? []
  const objectType = LEGACY_PROFILES.indexOf(profile) + 1
  if (objectType === 0 || audio === undefined) return undefined
  const { samplingFrequencyHz, channels, outputSamplingFrequencyHz = samplingFrequencyHz } = audio
  return aacConfig({
    objectType,
    sampleRateHz: samplingFrequencyHz,
    channelConfiguration: channels === 8 ? 7 : channels,
    extensionRateHz: sbr === undefined ? undefined : outputSamplingFrequencyHz,
  })
}

/** By object type, from 1. */
const LEGACY_PROFILES = ['MAIN', 'LC', 'SSR', 'LTP']

/** What an AudioSpecificConfig is made of. */
export type AacConfigFacts = {
  /** Of the core: 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: number
  readonly sampleRateHz: number
  /** From 1 to 7. */
  readonly channelConfiguration: number
  /** Rate of the output of SBR; `undefined` where SBR is not signalled. */
  readonly extensionRateHz?: number | undefined
}

/**
 * Bytes of an AudioSpecificConfig. SBR is signalled so that decoders that do not know it still play the core (ISO/IEC
 * 14496-3, section 1.6.5). `undefined` for facts that it cannot express.
 */
export function aacConfig(facts: AacConfigFacts): Uint8Array | undefined {
  const { objectType, sampleRateHz, channelConfiguration, extensionRateHz } = facts
  const isChannels =
    Number.isInteger(channelConfiguration) && channelConfiguration >= 1 && channelConfiguration <= 7
  if (!isChannels || !isSampleRate(sampleRateHz)) return undefined
  if (extensionRateHz !== undefined && !isSampleRate(extensionRateHz)) return undefined
  const bits = [
    bitsOf(objectType, 5),
    sampleRateBits(sampleRateHz),
    // GASpecificConfig: 1024 samples in a frame, no core coder, no extension.
    ...[bitsOf(channelConfiguration, 4), '000'],
    ...(extensionRateHz === undefined
      ? []
      : [bitsOf(SYNC_EXTENSION, 11), bitsOf(SBR, 5), '1', sampleRateBits(extensionRateHz)]),
  ].join('')
  return Uint8Array.from(bits.match(/.{1,8}/g) ?? [], byte => Number.parseInt(byte.padEnd(8, '0'), 2))
}

const SYNC_EXTENSION = 0x2b7
const MAX_SAMPLE_RATE_HZ = 0xff_ff_ff

function isSampleRate(hz: number): boolean {
  return hz > 0 && Math.round(hz) <= MAX_SAMPLE_RATE_HZ && Math.round(hz) > 0
}

function sampleRateBits(hz: number): string {
  const index = SAMPLE_RATES_HZ.indexOf(Math.round(hz))
  return index < 0 ? bitsOf(ESCAPE_SAMPLE_RATE, 4) + bitsOf(Math.round(hz), 24) : bitsOf(index, 4)
}

function bitsOf(value: number, count: number): string {
  return value.toString(2).padStart(count, '0')
}

/** The rate of an index in an ADTS header; `undefined` for one that is reserved. */
export function aacSampleRate(index: number): number | undefined {
  return SAMPLE_RATES_HZ[index]
}

/** What an ADTS header says of the stream (ISO/IEC 14496-3, section 1.A.2.2.1). */
export type AdtsConfig = {
  /** Of the core where SBR or PS extends it. A header has room for 1 to 4. */
  readonly objectType: number
  /** 15 where the rate is none of the table's, which a header cannot say. */
  readonly sampleRateIndex: number
  readonly channelConfiguration: number
}

const SBR = 5
const PS = 29

/** The AudioSpecificConfig as decoders that know no extension are told of it. */
export function readAdtsConfig(bytes: Uint8Array): AdtsConfig | undefined {
  const bits = new BitReader(bytes)
  const config = readConfig(bits)
  if (config === undefined) return undefined
  const { sampleRateHz, channelConfiguration } = config
  let { objectType } = config
  if (objectType === SBR || objectType === PS) {
    // The extension's rate, and the core's own type.
    readSampleRate(bits)
    objectType = readObjectType(bits)
    if (bits.overrun) return undefined
  }
  const index = SAMPLE_RATES_HZ.indexOf(sampleRateHz)
  return { objectType, sampleRateIndex: index < 0 ? ESCAPE_SAMPLE_RATE : index, channelConfiguration }
}

/** Object types with a GASpecificConfig (ISO/IEC 14496-3, table 1.15), whose first bit is the frameLengthFlag. */
const GENERAL_AUDIO_TYPES = [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22]
/** AAC-LD and AAC-ELD have frames of half the length, with the same flag. */
const LOW_DELAY_TYPES = [23, 39]

/** Samples in a frame, at the rate of the core: 1024 or 960, of low delay 512 or 480; `undefined` for other object types. */
export function readAacFrameSamples(bytes: Uint8Array): number | undefined {
  const bits = new BitReader(bytes)
  const config = readConfig(bits)
  if (config === undefined) return undefined
  let { objectType } = config
  if (objectType === SBR || objectType === PS) {
    readSampleRate(bits)
    objectType = readObjectType(bits)
  }
  const isShort = bits.read(1) === 1
  if (LOW_DELAY_TYPES.includes(objectType)) return isShort ? 480 : 512
  if (!GENERAL_AUDIO_TYPES.includes(objectType)) return undefined
  return isShort ? 960 : 1024
}

function readConfig(bits: BitReader): Omit<AacData, 'kind'> | undefined {
  const objectType = readObjectType(bits)
  const sampleRateHz = readSampleRate(bits)
  const channelConfiguration = bits.read(4)
  if (bits.overrun || sampleRateHz === undefined || sampleRateHz === 0 || objectType === 0) return undefined
  return { objectType, sampleRateHz, channelConfiguration }
}

function readObjectType(bits: BitReader): number {
  const objectType = bits.read(5)
  return objectType === ESCAPE_OBJECT_TYPE ? 32 + bits.read(6) : objectType
}

function readSampleRate(bits: BitReader): number | undefined {
  const index = bits.read(4)
  return index === ESCAPE_SAMPLE_RATE ? bits.read(24) : SAMPLE_RATES_HZ[index]
}

class BitReader {
  overrun = false
  readonly #bytes: Uint8Array
  #bit = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.#bit++) {
      const byte = this.#bytes[this.#bit >> 3]
      if (byte === undefined) this.overrun = true
      value = value * 2 + (((byte ?? 0) >> (7 - (this.#bit & 7))) & 1)
    }
    return value
  }
}
