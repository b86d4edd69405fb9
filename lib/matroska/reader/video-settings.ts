import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { otherElements } from '../writer/tree-bytes.ts'
import type {
  Chromaticity,
  ColourSettings,
  MasteringMetadata,
  PixelCrop,
  VideoProjection,
  VideoSettings,
} from './tracks.ts'

/**
 * TrackEntry\Video as `VideoSettings`. Fields that are optional there are read for outputs that are not Matroska; their
 * elements stay in `otherElements`, so that Matroska outputs repeat them byte for byte.
 */
export function readVideoSettings(video: ElementTree | undefined): VideoSettings | undefined {
  if (video === undefined) return undefined
  return {
    pixelWidth: video.uint(ID.PixelWidth) ?? 0,
    pixelHeight: video.uint(ID.PixelHeight) ?? 0,
    displayWidth: video.uint(ID.DisplayWidth),
    displayHeight: video.uint(ID.DisplayHeight),
    colour: readColour(video.master(ID.Colour)),
    ...present('displayUnit', video.uint(ID.DisplayUnit)),
    ...present('crop', readCrop(video)),
    ...present('projection', readProjection(video.master(ID.Projection))),
    otherElements: otherElements(video, FIELDS_OF_VIDEO),
  }
}

/** The property, or no property where there is no value. */
function present<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: T })
}

const FIELDS_OF_VIDEO: ReadonlySet<number> = new Set([
  ...[ID.PixelWidth, ID.PixelHeight, ID.DisplayWidth, ID.DisplayHeight, ID.Colour],
])

function readCrop(video: ElementTree): PixelCrop | undefined {
  const [top = 0, bottom = 0, left = 0, right = 0] = [
    ...[ID.PixelCropTop, ID.PixelCropBottom, ID.PixelCropLeft, ID.PixelCropRight].map(id => video.uint(id)),
  ]
  return top + bottom + left + right === 0 ? undefined : { top, bottom, left, right }
}

function readProjection(projection: ElementTree | undefined): VideoProjection | undefined {
  if (projection === undefined) return undefined
  return {
    type: projection.uint(ID.ProjectionType) ?? 0,
    yawDegrees: projection.float(ID.ProjectionPoseYaw) ?? 0,
    pitchDegrees: projection.float(ID.ProjectionPosePitch) ?? 0,
    rollDegrees: projection.float(ID.ProjectionPoseRoll) ?? 0,
  }
}

function readColour(colour: ElementTree | undefined): ColourSettings | undefined {
  if (colour === undefined) return undefined
  return {
    matrixCoefficients: colour.uint(ID.MatrixCoefficients) ?? UNSPECIFIED,
    transferCharacteristics: colour.uint(ID.TransferCharacteristics) ?? UNSPECIFIED,
    primaries: colour.uint(ID.Primaries) ?? UNSPECIFIED,
    range: colour.uint(ID.Range) ?? 0,
    bitsPerChannel: colour.uint(ID.BitsPerChannel) ?? 0,
    ...present('maxContentLight', colour.uint(ID.MaxCLL)),
    ...present('maxFrameAverageLight', colour.uint(ID.MaxFALL)),
    ...present('mastering', readMastering(colour.master(ID.MasteringMetadata))),
    otherElements: otherElements(colour, FIELDS_OF_COLOUR),
  }
}

/** ITU-T H.273 of what is not known. */
const UNSPECIFIED = 2
const FIELDS_OF_COLOUR: ReadonlySet<number> = new Set([
  ...[ID.MatrixCoefficients, ID.TransferCharacteristics, ID.Primaries, ID.Range, ID.BitsPerChannel],
])

function readMastering(mastering: ElementTree | undefined): MasteringMetadata | undefined {
  if (mastering === undefined) return undefined
  const chromaticity = (xId: number, yId: number): Chromaticity | undefined => {
    const [x, y] = [mastering.float(xId), mastering.float(yId)]
    return x === undefined || y === undefined ? undefined : { x, y }
  }
  return {
    ...present('red', chromaticity(ID.PrimaryRChromaticityX, ID.PrimaryRChromaticityY)),
    ...present('green', chromaticity(ID.PrimaryGChromaticityX, ID.PrimaryGChromaticityY)),
    ...present('blue', chromaticity(ID.PrimaryBChromaticityX, ID.PrimaryBChromaticityY)),
    ...present('whitePoint', chromaticity(ID.WhitePointChromaticityX, ID.WhitePointChromaticityY)),
    ...present('luminanceMax', mastering.float(ID.LuminanceMax)),
    ...present('luminanceMin', mastering.float(ID.LuminanceMin)),
  }
}
