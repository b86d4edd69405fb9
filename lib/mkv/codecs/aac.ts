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
