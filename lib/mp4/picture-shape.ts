import { type PictureTurn, pictureTurn } from '../matroska/picture-turn.ts'
import type { PixelCrop, VideoSettings } from '../matroska/reader/tracks.ts'

/** How a picture is to be shown, as MP4 says it. */
export type PictureShape = {
  /** Width to height of a pixel, in lowest terms; `undefined` where pixels are square. */
  readonly pixelAspect: { readonly horizontal: number; readonly vertical: number } | undefined
  /** The pixels hidden at each edge, where part of the picture remains. */
  readonly crop: PixelCrop | undefined
  /** Size of the visible picture before it is turned, in square pixels. */
  readonly width: number
  readonly height: number
  /** The display matrix a, b, c, d, which maps (x, y) to (ax + cy, bx + dy); `undefined` where nothing is turned. */
  readonly matrix: readonly [a: number, b: number, c: number, d: number] | undefined
}

/** DisplayUnit: from here on, the display size says nothing of the proportions. */
const UNKNOWN_UNIT = 4

/** The shape of a track's pictures, from its Video settings (RFC 9559, sections 5.1.4.1.28.8 to 5.1.4.1.28.14, and 41). */
export function pictureShape(video: VideoSettings): PictureShape {
  const crop = usableCrop(video)
  const { pixelWidth, pixelHeight } = video
  const width = pixelWidth - (crop === undefined ? 0 : crop.left + crop.right)
  const height = pixelHeight - (crop === undefined ? 0 : crop.top + crop.bottom)
  const { displayWidth = 0, displayHeight = 0, displayUnit = 0 } = video
  const isTold = displayWidth > 0 && displayHeight > 0 && displayUnit < UNKNOWN_UNIT
  const [horizontal, vertical] = isTold
    ? lowestTerms(displayWidth * height, displayHeight * width)
    : ([1, 1] as const)
  return {
    pixelAspect: horizontal === vertical ? undefined : { horizontal, vertical },
    crop,
    width: (width * horizontal) / vertical,
    height,
    matrix: matrixOf(pictureTurn(video)),
  }
}

function usableCrop({ crop, pixelWidth, pixelHeight }: VideoSettings): PixelCrop | undefined {
  if (crop === undefined) return undefined
  const isUsable = crop.left + crop.right < pixelWidth && crop.top + crop.bottom < pixelHeight
  return isUsable ? crop : undefined
}

/** Numbers of an MP4 box have 32 bits; beyond these, the ratio is rounded. */
const MAX_TERM = 0xff_ff_ff_ff

function lowestTerms(some: number, other: number): readonly [number, number] {
  const divisor = greatestDivisor(some, other)
  const scale = Math.max(1, Math.max(some, other) / divisor / MAX_TERM)
  const term = (value: number) => Math.max(1, Math.round(value / divisor / scale))
  return [term(some), term(other)]
}

function greatestDivisor(some: number, other: number): number {
  return other === 0 ? some : greatestDivisor(other, some % other)
}

function matrixOf(turn: PictureTurn | undefined): PictureShape['matrix'] {
  if (turn === undefined) return undefined
  const [cos, sin] = cosAndSin(turn.counterClockwiseDegrees)
  // y grows downwards, which makes a counter-clockwise turn one by a negative angle.
  const mirror = turn.isMirrored ? -1 : 1
  return [cos * mirror, -sin * mirror, sin, cos]
}

/** Exact for quarter turns. */
function cosAndSin(degrees: number): readonly [number, number] {
  if (degrees % 90 === 0) {
    const quarter = degrees / 90
    return [[1, 0, -1, 0][quarter]!, [0, 1, 0, -1][quarter]!]
  }
  const radians = (degrees * Math.PI) / 180
  return [Math.cos(radians), Math.sin(radians)]
}
