const SAMPLE_RATES_HZ = [48_000, 44_100, 32_000]
const SAMPLES_PER_BLOCK = 256
const BLOCKS_OF_AC3 = 6
/** Audio blocks in a syncframe of E-AC-3, by numblkscod (ETSI TS 102 366, section E.1.3.1.4). */
const BLOCKS = [1, 2, 3, 6]
const HALF_RATES = 3
const DEPENDENT = 1
/** bsid: AC-3 up to 10, of which 9 and 10 are at a half and a quarter of the rate; E-AC-3 from 11 to 16. */
const MAX_AC3_BSID = 10
const MAX_BSID = 16

/**
 * How long a frame of AC-3 or E-AC-3 lasts (ETSI TS 102 366, sections 4.4.1 and E.1.3.1). One frame of Matroska may hold
 * several syncframes of E-AC-3: those of the first independent substream count. `undefined` where it is neither.
 */
export function ac3DurationMs(frame: Uint8Array): number | undefined {
  let totalMs = 0
  for (let at = 0; isSyncWord(frame, at); ) {
    const bsid = frame[at + 5]! >> 3
    if (bsid <= MAX_AC3_BSID) return ac3Ms(frame[at + 4]! >> 6, bsid)
    if (bsid > MAX_BSID) break
    totalMs += enhancedMs(frame, at)
    at += 2 * ((((frame[at + 2]! & 0x07) << 8) | frame[at + 3]!) + 1)
  }
  return totalMs > 0 ? totalMs : undefined
}

function isSyncWord(frame: Uint8Array, at: number): boolean {
  return at + 6 <= frame.length && frame[at] === 0x0b && frame[at + 1] === 0x77
}

function ac3Ms(fscod: number, bsid: number): number | undefined {
  const rateHz = SAMPLE_RATES_HZ[fscod]
  if (rateHz === undefined) return undefined
  return (BLOCKS_OF_AC3 * SAMPLES_PER_BLOCK * 1000) / (rateHz / 2 ** Math.max(0, bsid - 8))
}

/** Of one syncframe: zero where it only adds channels to another. */
function enhancedMs(frame: Uint8Array, at: number): number {
  const streamType = frame[at + 2]! >> 6
  const substream = (frame[at + 2]! >> 3) & 0x07
  if (streamType === DEPENDENT || substream !== 0) return 0
  const fscod = frame[at + 4]! >> 6
  const next = (frame[at + 4]! >> 4) & 0x03
  const rateHz = fscod === HALF_RATES ? (SAMPLE_RATES_HZ[next] ?? 0) / 2 : SAMPLE_RATES_HZ[fscod]!
  const blocks = fscod === HALF_RATES ? BLOCKS_OF_AC3 : BLOCKS[next]!
  return rateHz === 0 ? 0 : (blocks * SAMPLES_PER_BLOCK * 1000) / rateHz
}
