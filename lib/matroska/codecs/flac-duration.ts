/** Sample rates by their code (RFC 9639, table 15); the others are in the frame or in STREAMINFO. */
const SAMPLE_RATES_HZ = [
  ...[undefined, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000],
]
const SIZE_OF_8_BITS = 6
const SIZE_OF_16_BITS = 7

/**
 * How long a frame of FLAC lasts, by its own header (RFC 9639, section 9.1). `trackRateHz` counts where the header's code
 * leaves the sample rate to STREAMINFO or to later bytes. `undefined` where it is not a frame of FLAC.
 */
export function flacDurationMs(frame: Uint8Array, trackRateHz: number | undefined): number | undefined {
  const [sync0, sync1 = 0, codes = 0] = frame
  if (sync0 !== 0xff || (sync1 & 0xfe) !== 0xf8) return undefined
  const samples = blockSize(codes >> 4, frame)
  const rateHz = SAMPLE_RATES_HZ[codes & 0x0f] ?? trackRateHz
  if (samples === undefined || rateHz === undefined || !(rateHz > 0)) return undefined
  return (samples * 1000) / rateHz
}

function blockSize(code: number, frame: Uint8Array): number | undefined {
  if (code === 0) return undefined
  if (code === 1) return 192
  if (code < SIZE_OF_8_BITS) return 576 << (code - 2)
  if (code > SIZE_OF_16_BITS) return 256 << (code - 8)
  // The size less one stands after the frame's number, which is coded as UTF-8 codes characters.
  const at = 4 + codedNumberBytes(frame[4] ?? 0)
  const high = frame[at]
  const low = frame[at + 1]
  if (high === undefined) return undefined
  if (code === SIZE_OF_8_BITS) return high + 1
  return low === undefined ? undefined : high * 256 + low + 1
}

/** As many bytes as the first one has leading ones; one byte where it has none. */
function codedNumberBytes(first: number): number {
  return Math.max(1, Math.clz32(~(first << 24)))
}
