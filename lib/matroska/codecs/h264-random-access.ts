import { NalCursor } from './nal-cursor.ts'
import type { RandomAccess } from './random-access.ts'
import { RbspReader } from './rbsp-reader.ts'
import { hasRecoveryPoint } from './recovery-point.ts'

/** NAL unit types (H.264, table 7-1). */
const SLICE = 1
const SLICE_PARTITION_A = 2
const IDR_SLICE = 5
const SEI = 6
const SPS = 7
const PPS = 8
const FORBIDDEN_BIT = 0x80
const TYPE_BITS = 0x1f
const HEADER_BYTES = 1

type Slice = { readonly isFirst: boolean; readonly isIntra: boolean; readonly saysAll: boolean }

/**
 * How decoding can begin with a picture of H.264; `undefined` where its NAL units cannot be read.
 *
 * An IDR picture and a recovery point are random access points whatever the container says. A picture of I slices alone is
 * one where the container flags it, or where it carries SPS and PPS, which encoders repeat where decoders are to begin; a
 * scene cut has neither. A flag on P or B slices without a recovery point is not believed: some cameras flag every frame.
 */
export function h264RandomAccess(
  data: Uint8Array,
  lengthSize: number,
  isFlagged: boolean,
): RandomAccess | undefined {
  const units = new NalCursor(data, lengthSize)
  const before = { isRecoveryPoint: false, hasSps: false, hasPps: false }
  while (units.next()) {
    const header = data[units.start]!
    if ((header & FORBIDDEN_BIT) !== 0) return undefined
    switch (header & TYPE_BITS) {
      case IDR_SLICE:
        return 'full'
      case SEI:
        before.isRecoveryPoint ||= hasRecoveryPoint(units, HEADER_BYTES)
        break
      case SPS:
        before.hasSps = true
        break
      case PPS:
        before.hasPps = true
        break
      case SLICE:
      case SLICE_PARTITION_A:
        return sliceAccess(units, before, isFlagged)
      default:
    }
  }
  return undefined
}

/** Facts from the NAL units before a picture's first slice. */
type BeforeSlices = {
  readonly isRecoveryPoint: boolean
  readonly hasSps: boolean
  readonly hasPps: boolean
}

function sliceAccess(
  units: NalCursor,
  { isRecoveryPoint, hasSps, hasPps }: BeforeSlices,
  isFlagged: boolean,
): RandomAccess | undefined {
  const slice = readSlice(units)
  if (slice === undefined) return undefined
  if (isRecoveryPoint) return slice.isIntra ? 'full' : 'gradual'
  if (!slice.isIntra || !(isFlagged || (hasSps && hasPps))) return 'none'
  return slice.saysAll || areRestIntra(units) ? 'full' : 'none'
}

/** Looks at the same picture only: a second field may have P slices, which refer to the first field. */
function areRestIntra(units: NalCursor): boolean {
  while (units.next()) {
    const type = units.data[units.start]! & TYPE_BITS
    if (type !== SLICE && type !== SLICE_PARTITION_A) continue
    const slice = readSlice(units)
    if (slice === undefined || slice.isFirst) return true
    if (!slice.isIntra) return false
  }
  return true
}

/** `first_mb_in_slice` and `slice_type` (H.264, section 7.3.3). */
function readSlice({ data, start, end }: NalCursor): Slice | undefined {
  const reader = new RbspReader(data, start + HEADER_BYTES, end)
  const firstMacroblock = reader.ue()
  const type = reader.ue()
  if (reader.isExhausted || type > LAST_SLICE_TYPE) return undefined
  const kind = type % KINDS
  return { isFirst: firstMacroblock === 0, isIntra: kind === I || kind === SI, saysAll: type >= KINDS }
}

/** Slice types (H.264, table 7-6): from 5 on they say that all slices of the picture are of the kind. */
const KINDS = 5
const I = 2
const SI = 4
const LAST_SLICE_TYPE = 9
