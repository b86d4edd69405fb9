/** Pictures of H.264 as far as their NAL headers and the first bits of their slices: no decoder takes them. */

export type PictureKind = 'idr' | 'i' | 'p' | 'recovery-i' | 'recovery-p' | 'i-with-sets' | 'i-then-p'

/** An I slice that says so of the whole picture (slice_type 7), one that does not (2), a P slice (5), behind first_mb 0 and 1. */
const I_SLICE = Buffer.from('4188843f', 'hex')
const I_SLICE_ALONE = Buffer.from('41b8843f', 'hex')
const P_SLICE = Buffer.from('419a843f', 'hex')
const SECOND_P_SLICE = Buffer.from('4146843f', 'hex')
const IDR_SLICE = Buffer.from('6588843f', 'hex')
const DELIMITER = Buffer.from('09f0', 'hex')
export const SPS = Buffer.from('6742c016a6110507ec0440000003004000000c83c58b8460', 'hex')
export const PPS = Buffer.from('68c842044b20', 'hex')
/** An SEI of user data with an emulation prevention byte, and a recovery point with recovery_frame_cnt 0. */
const RECOVERY_SEI = Buffer.from('060504000003000106018080', 'hex')

const UNITS: Readonly<Record<PictureKind, readonly Buffer[]>> = {
  idr: [DELIMITER, IDR_SLICE],
  i: [DELIMITER, I_SLICE],
  p: [DELIMITER, P_SLICE],
  'recovery-i': [DELIMITER, RECOVERY_SEI, I_SLICE],
  'recovery-p': [DELIMITER, RECOVERY_SEI, P_SLICE],
  'i-with-sets': [DELIMITER, SPS, PPS, I_SLICE],
  'i-then-p': [DELIMITER, I_SLICE_ALONE, SECOND_P_SLICE],
}

/** The NAL units of a picture. */
export const unitsOf = (kind: PictureKind): readonly Buffer[] => UNITS[kind]

/** A picture as Matroska holds it, its units behind lengths of so many bytes. */
export function lengthPrefixed(kind: PictureKind, lengthSize = 4): Buffer {
  return Buffer.concat(
    UNITS[kind].flatMap(unit => {
      const length = Buffer.alloc(lengthSize)
      length.writeUIntBE(unit.length, 0, lengthSize)
      return [length, unit]
    }),
  )
}

/** A picture as some producers send it, behind start codes. */
export function annexB(kind: PictureKind): Buffer {
  return Buffer.concat(UNITS[kind].flatMap(unit => [Buffer.from([0, 0, 0, 1]), unit]))
}
