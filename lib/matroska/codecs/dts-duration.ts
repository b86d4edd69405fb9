/** SFREQ (ETSI TS 102 114, table 5-5); 0 where it is not valid. */
const SAMPLE_RATES_HZ = [
  0, 8000, 16_000, 32_000, 0, 0, 11_025, 22_050, 44_100, 0, 0, 12_000, 24_000, 48_000, 96_000, 192_000,
]
const SAMPLES_PER_BLOCK = 32
/** NBLKS: fewer would be less than a frame's least. */
const MIN_BLOCKS = 6

/**
 * How long a frame of DTS lasts, by the header of its core (ETSI TS 102 114, section 5.3): 16-bit words, big-endian, as
 * Matroska has them. `undefined` for a frame without a core.
 */
export function dtsDurationMs(frame: Uint8Array): number | undefined {
  const [a, b, c, d, head = 0, blocksByte = 0, , , ratesByte = 0] = frame
  if (a !== 0x7f || b !== 0xfe || c !== 0x80 || d !== 0x01 || frame.length < 9) return undefined
  // FTYPE 1 bit, SHORT 5, CPF 1, NBLKS 7, FSIZE 14, AMODE 6, SFREQ 4.
  const blocks = (((head & 0x01) << 6) | (blocksByte >> 2)) + 1
  const rateHz = SAMPLE_RATES_HZ[(ratesByte >> 2) & 0x0f]!
  return rateHz === 0 || blocks < MIN_BLOCKS ? undefined : (blocks * SAMPLES_PER_BLOCK * 1000) / rateHz
}
