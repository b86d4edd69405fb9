import { readNalUnits } from './parameter-sets.ts'

/** H.264: the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1). */
export type AvcData = {
  readonly kind: 'h264'
  readonly profile: number
  readonly constraints: number
  readonly level: number
  /** As RFC 6381 writes it: `avc1.42C01E`. */
  readonly codecString: string
  /** Bytes of the length before each NAL unit of a frame: 1, 2 or 4. */
  readonly nalLengthSize: number
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

export function readAvc(bytes: Uint8Array): AvcData | undefined {
  if (bytes.length < 7 || bytes[0] !== 1) return undefined
  const [, profile, constraints, level, lengthByte, spsByte] = bytes
  const sps = readNalUnits(bytes, 6, spsByte! & 0x1f)
  const ppsCount = sps === undefined ? undefined : bytes[sps.offset]
  if (sps === undefined || ppsCount === undefined) return undefined
  const pps = readNalUnits(bytes, sps.offset + 1, ppsCount)
  if (pps === undefined) return undefined
  const hex = [profile!, constraints!, level!].map(byte => byte.toString(16).toUpperCase().padStart(2, '0'))
  return {
    kind: 'h264',
    profile: profile!,
    constraints: constraints!,
    level: level!,
    codecString: `avc1.${hex.join('')}`,
    nalLengthSize: (lengthByte! & 0x03) + 1,
    sps: sps.units,
    pps: pps.units,
  }
}
