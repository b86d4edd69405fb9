/** By the version bits: MPEG-2.5, reserved, MPEG-2, MPEG-1. */
const RATE_SHIFTS = [2, undefined, 1, 0]
const MPEG_1 = 3
const SAMPLE_RATES_HZ = [44_100, 48_000, 32_000]
const LAYER_I = 3
const LAYER_III = 1
const RESERVED_LAYER = 0

/**
 * How long a frame of MPEG audio lasts, layers I to III of MPEG-1, -2 and -2.5 (ISO/IEC 11172-3, section 2.4.2.3, and
 * 13818-3); `undefined` where its header is not valid.
 */
export function mpegAudioDurationMs(frame: Uint8Array): number | undefined {
  const [sync, head = 0, rates = 0] = frame
  if (sync !== 0xff || (head & 0xe0) !== 0xe0 || frame.length < 4) return undefined
  const version = (head >> 3) & 0x03
  const layer = (head >> 1) & 0x03
  const shift = RATE_SHIFTS[version]
  const rateHz = SAMPLE_RATES_HZ[(rates >> 2) & 0x03]
  if (shift === undefined || rateHz === undefined || layer === RESERVED_LAYER) return undefined
  return (samplesOf(layer, version) * 1000) / (rateHz >> shift)
}

function samplesOf(layer: number, version: number): number {
  if (layer === LAYER_I) return 384
  return layer === LAYER_III && version !== MPEG_1 ? 576 : 1152
}
