import { readAacFrameSamples } from './aac.ts'

const ADTS_HEADER_BYTES = 7
const ADTS_FRAME_SAMPLES = 1024
const ADTS_SAMPLE_RATES_HZ = [
  ...[96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350],
]

/**
 * Durations of AAC frames by the AudioSpecificConfig: as many samples as it says, at the rate of the core. Without a config,
 * by the ADTS header of each frame, and for the old codec ids that name a profile by the track's rate. Frames that are
 * marked `A_AAC` alone and have neither may be anything, and have no duration.
 */
export function aacDurationReader(
  codecId: string,
  codecPrivate: Uint8Array | undefined,
  configRateHz: number | undefined,
  trackRateHz: number | undefined,
): (frame: Uint8Array) => number | undefined {
  const samples = codecPrivate === undefined ? undefined : readAacFrameSamples(codecPrivate)
  if (configRateHz !== undefined) {
    const durationMs = samples === undefined ? undefined : (samples * 1000) / configRateHz
    return () => durationMs
  }
  const namesProfile = codecId.startsWith('A_AAC/') && trackRateHz !== undefined && trackRateHz > 0
  const usualMs = namesProfile ? (ADTS_FRAME_SAMPLES * 1000) / trackRateHz : undefined
  return frame => adtsDurationMs(frame) ?? usualMs
}

/** By the header alone: its rate, and the number of raw data blocks less one (ISO/IEC 14496-3, section 1.A.2.2). */
function adtsDurationMs(frame: Uint8Array): number | undefined {
  const [sync0, sync1 = 0, rates = 0, length0 = 0, length1 = 0, length2 = 0] = frame
  if (sync0 !== 0xff || (sync1 & 0xf6) !== 0xf0 || frame.length < ADTS_HEADER_BYTES) return undefined
  const length = ((length0 & 0x03) << 11) | (length1 << 3) | (length2 >> 5)
  if (length !== frame.length) return undefined
  const rateHz = ADTS_SAMPLE_RATES_HZ[(rates >> 2) & 0x0f]
  const blocks = (frame[6]! & 0x03) + 1
  return rateHz === undefined ? undefined : (blocks * ADTS_FRAME_SAMPLES * 1000) / rateHz
}
