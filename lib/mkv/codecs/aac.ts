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
  const bits = new BitReader(bytes)
  let objectType = bits.read(5)
  if (objectType === ESCAPE_OBJECT_TYPE) objectType = 32 + bits.read(6)
  const rateIndex = bits.read(4)
  const sampleRateHz = rateIndex === ESCAPE_SAMPLE_RATE ? bits.read(24) : SAMPLE_RATES_HZ[rateIndex]
  const channelConfiguration = bits.read(4)
  if (bits.overrun || sampleRateHz === undefined || sampleRateHz === 0 || objectType === 0) return undefined
  return { kind: 'aac', objectType, sampleRateHz, channelConfiguration }
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
