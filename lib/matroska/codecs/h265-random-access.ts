import { NalCursor } from './nal-cursor.ts'
import type { RandomAccess } from './random-access.ts'
import { RbspReader } from './rbsp-reader.ts'
import { hasRecoveryPoint } from './recovery-point.ts'

/** NAL unit types (H.265, table 7-1): intra random access points are IDR, CRA and BLA pictures. */
const FIRST_IRAP = 16
const LAST_IRAP = 23
const LAST_SLICE = 31
const VPS = 32
const PPS = 34
const PREFIX_SEI = 39
const FORBIDDEN_BIT = 0x80
const HEADER_BYTES = 2
const I_SLICE = 2

/**
 * How decoding can begin with a picture of H.265, by the rules of `h264RandomAccess`; `undefined` where its NAL units cannot be
 * read. `pps` are those of the track. Only the first slice of a non-IRAP picture is read,
 * since the position of the others depends on the SPS.
 */
export function h265RandomAccess(
  data: Uint8Array,
  lengthSize: number,
  isFlagged: boolean,
  pps: readonly Uint8Array[],
): RandomAccess | undefined {
  const units = new NalCursor(data, lengthSize)
  const before: BeforeSlices = { isRecoveryPoint: false, sets: 0, pps: undefined }
  while (units.next()) {
    const header = data[units.start]!
    if ((header & FORBIDDEN_BIT) !== 0) return undefined
    if (isOfHigherLayer(units)) continue
    const type = header >> 1
    if (type >= FIRST_IRAP && type <= LAST_IRAP) return 'full'
    if (type <= LAST_SLICE) return sliceAccess(units, before, isFlagged, pps)
    noteUnit(units, type, before)
  }
  return undefined
}

/** Layers above the base are of scalable and multiview streams. */
function isOfHigherLayer({ data, start }: NalCursor): boolean {
  return (data[start]! & 1) !== 0 || (data[start + 1] ?? 0) >> 3 !== 0
}

/** Facts from the NAL units before a picture's first slice. */
type BeforeSlices = {
  isRecoveryPoint: boolean
  /** A bit for each kind of parameter set. */
  sets: number
  pps: RbspReader | undefined
}

const ALL_SETS = 0b111

function noteUnit(units: NalCursor, type: number, before: BeforeSlices): void {
  if (type >= VPS && type <= PPS) before.sets |= 1 << (type - VPS)
  if (type === PPS) before.pps = new RbspReader(units.data, units.start + HEADER_BYTES, units.end)
  if (type === PREFIX_SEI) before.isRecoveryPoint ||= hasRecoveryPoint(units, HEADER_BYTES)
}

function sliceAccess(
  units: NalCursor,
  { isRecoveryPoint, sets, pps: ownPps }: BeforeSlices,
  isFlagged: boolean,
  pps: readonly Uint8Array[],
): RandomAccess | undefined {
  if (!isRecoveryPoint && !isFlagged && sets !== ALL_SETS) return 'none'
  const extraBits = ownPps === undefined ? trackExtraBits(pps) : readExtraBits(ownPps)
  const isIntra = isIntraSlice(units, extraBits)
  if (isIntra === undefined) return undefined
  if (isIntra) return 'full'
  return isRecoveryPoint ? 'gradual' : 'none'
}

/** The start of a slice segment header (H.265, section 7.3.6.1); `undefined` where it is not the picture's first. */
function isIntraSlice({ data, start, end }: NalCursor, extraBits: number): boolean | undefined {
  const reader = new RbspReader(data, start + HEADER_BYTES, end)
  const isFirst = reader.bit() === 1
  reader.ue()
  reader.bits(extraBits)
  const type = reader.ue()
  if (reader.isExhausted || !isFirst || type > I_SLICE) return undefined
  return type === I_SLICE
}

function trackExtraBits([first]: readonly Uint8Array[]): number {
  return first === undefined ? 0 : readExtraBits(new RbspReader(first, HEADER_BYTES, first.length))
}

/** `num_extra_slice_header_bits` of a PPS (H.265, section 7.3.2.3.1). */
function readExtraBits(reader: RbspReader): number {
  reader.ue()
  reader.ue()
  reader.bits(2)
  return reader.bits(3)
}
