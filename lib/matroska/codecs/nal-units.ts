/**
 * NAL units, of which a frame of H.264 (ISO/IEC 14496-10) or H.265 (23008-2) consists: behind start codes (Annex B), or each
 * behind its length (14496-15), as Matroska wants them. Units are views into the frame, not copies; none is empty.
 */

/** What a NAL unit is for, as far as splitting and joining streams has to know. `key`: a picture that decoding can begin with. */
export type NalRole = 'key' | 'vps' | 'sps' | 'pps' | 'delimiter' | 'other'

/** H.264, table 7-1, and H.265, table 7-1. */
const H264_ROLES: Readonly<Record<number, NalRole>> = { 5: 'key', 7: 'sps', 8: 'pps', 9: 'delimiter' }
const H265_ROLES: Readonly<Record<number, NalRole>> = { 32: 'vps', 33: 'sps', 34: 'pps', 35: 'delimiter' }
/** H.265's intra random access points: IDR, CRA, BLA. */
const FIRST_IRAP = 16
const LAST_IRAP = 23

export function nalRole(kind: 'h264' | 'h265', unit: Uint8Array): NalRole {
  const [head = 0] = unit
  if (kind === 'h264') return H264_ROLES[head & 0x1f] ?? 'other'
  const type = (head >> 1) & 0x3f
  return type >= FIRST_IRAP && type <= LAST_IRAP ? 'key' : (H265_ROLES[type] ?? 'other')
}

/** A frame's units, and how they are told apart. */
export type FrameUnits = { readonly units: Uint8Array[]; readonly isAnnexB: boolean }

/** The units of a frame, whichever way it holds them; `undefined` where it is neither. */
export function frameUnits(data: Uint8Array, lengthSize: number): FrameUnits | undefined {
  if (isAnnexB(data)) return { units: annexBUnits(data), isAnnexB: true }
  const units = lengthPrefixedUnits(data, lengthSize)
  return units && { units, isAnnexB: false }
}

/**
 * Whether a frame begins with a start code. Read as a length of four bytes, one of four bytes would be that of a unit of one
 * byte, which no frame begins with; one of three bytes that of 256 to 511, for which the rest of the frame has to fit.
 */
export function isAnnexB(data: Uint8Array): boolean {
  let zeros = 0
  while (data[zeros] === 0) zeros++
  if (zeros < 2 || data[zeros] !== 1) return false
  return zeros === 3 || lengthPrefixedUnits(data, 4) === undefined
}

const START_CODE = Uint8Array.of(0, 0, 1)

/** The units between start codes of three or four bytes, without the zeros that may stand behind each. */
export function annexBUnits(data: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const units: Uint8Array[] = []
  for (let code = bytes.indexOf(START_CODE); code >= 0; ) {
    const next = bytes.indexOf(START_CODE, code + 3)
    // No unit ends with a zero: what is there belongs to the next start code, or is padding.
    let end = next < 0 ? data.length : next
    while (data[end - 1] === 0) end--
    if (end > code + 3) units.push(data.subarray(code + 3, end))
    code = next
  }
  return units
}

/** The units behind lengths of 1, 2, 3 or 4 bytes; `undefined` where these contradict the frame's size. */
export function lengthPrefixedUnits(data: Uint8Array, lengthSize: number): Uint8Array[] | undefined {
  const units: Uint8Array[] = []
  let at = 0
  while (at < data.length) {
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (data[at + i] ?? 0)
    const start = at + lengthSize
    at = start + length
    if (at > data.length) return undefined
    if (length > 0) units.push(data.subarray(start, at))
  }
  return units
}

/** One copy, of the units behind start codes of four bytes. */
export function toAnnexB(units: readonly Uint8Array[]): Uint8Array {
  return joined(units, 4, () => 1)
}

/** One copy, of the units behind their lengths. Throws `RangeError` where a length does not fit into `lengthSize` bytes. */
export function toLengthPrefixed(units: readonly Uint8Array[], lengthSize: number): Uint8Array {
  const longest = units.find(({ length }) => length >= 256 ** lengthSize)
  if (longest !== undefined) {
    throw new RangeError(
      `a NAL unit of ${longest.length} bytes does not fit behind a length of ${lengthSize}`,
    )
  }
  return joined(units, lengthSize, ({ length }) => length)
}

/** A frame of Annex B as `toLengthPrefixed` gives it. */
export function lengthPrefixedOf(data: Uint8Array, lengthSize: number): Uint8Array {
  return toLengthPrefixed(annexBUnits(data), lengthSize)
}

function joined(
  units: readonly Uint8Array[],
  headSize: number,
  head: (unit: Uint8Array) => number,
): Uint8Array {
  const bytes = Buffer.allocUnsafe(units.reduce((sum, { length }) => sum + headSize + length, 0))
  let at = 0
  for (const unit of units) {
    at = bytes.writeUIntBE(head(unit), at, headSize)
    bytes.set(unit, at)
    at += unit.length
  }
  return bytes
}
