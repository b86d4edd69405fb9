import { readNalUnits } from './parameter-sets.ts'

/** H.265: the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 8.3.3.1). */
export type HevcData = {
  readonly kind: 'h265'
  readonly profile: number
  readonly tier: 'main' | 'high'
  readonly level: number
  /** Bytes of the length before each NAL unit of a frame: 1, 2 or 4. */
  readonly nalLengthSize: number
  readonly vps: readonly Uint8Array[]
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

const VPS = 32
const SPS = 33
const PPS = 34

export function readHevc(bytes: Uint8Array): HevcData | undefined {
  if (bytes.length < 23 || bytes[0] !== 1) return undefined
  const byType = readArrays(bytes, 23, bytes[22]!)
  if (byType === undefined) return undefined
  return {
    kind: 'h265',
    profile: bytes[1]! & 0x1f,
    tier: (bytes[1]! & 0x20) === 0 ? 'main' : 'high',
    level: bytes[12]!,
    nalLengthSize: (bytes[21]! & 0x03) + 1,
    vps: byType.get(VPS) ?? [],
    sps: byType.get(SPS) ?? [],
    pps: byType.get(PPS) ?? [],
  }
}

function readArrays(bytes: Uint8Array, offset: number, count: number): Map<number, Uint8Array[]> | undefined {
  const byType = new Map<number, Uint8Array[]>()
  let at = offset
  for (let i = 0; i < count; i++) {
    const type = bytes[at]
    const units =
      at + 3 > bytes.length ? undefined : readNalUnits(bytes, at + 3, bytes[at + 1]! * 256 + bytes[at + 2]!)
    if (type === undefined || units === undefined) return undefined
    const known = byType.get(type & 0x3f)
    if (known === undefined) byType.set(type & 0x3f, units.units)
    else known.push(...units.units)
    at = units.offset
  }
  return byType
}
