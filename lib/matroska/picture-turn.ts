import type { VideoSettings } from './reader/tracks.ts'

/** How a picture is turned before it is shown: mirrored left to right first, then rotated. */
export type PictureTurn = {
  readonly isMirrored: boolean
  /** From 0 to below 360. */
  readonly counterClockwiseDegrees: number
}

/**
 * The turn that a track's Projection asks for: the roll of a rectangular picture, and the mirroring of a yaw of 180 degrees
 * (RFC 9559, section 5.1.4.1.28.41). `undefined` where there is none, and for poses that only a projecting player can show.
 */
export function pictureTurn({ projection }: VideoSettings): PictureTurn | undefined {
  if (projection === undefined || projection.type !== 0) return undefined
  const { yawDegrees, pitchDegrees, rollDegrees } = projection
  const yaw = positiveDegrees(yawDegrees)
  const roll = positiveDegrees(rollDegrees)
  const isFlat = pitchDegrees === 0 && (yaw === 0 || yaw === 180) && Number.isFinite(roll)
  if (!isFlat || (roll === 0 && yaw === 0)) return undefined
  return { isMirrored: yaw === 180, counterClockwiseDegrees: roll }
}

/** From 0 to below 360. */
function positiveDegrees(degrees: number): number {
  return ((degrees % 360) + 360) % 360
}
