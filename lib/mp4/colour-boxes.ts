import type { Chromaticity, ColourSettings, MasteringMetadata } from '../matroska/reader/tracks.ts'
import { box, u32 } from './box.ts'

const UNSPECIFIED = 2
const BROADCAST_RANGE = 1
const FULL_RANGE = 2
/** Units of `mdcv` (ISO/IEC 14496-12, section 12.1.7; SMPTE ST 2086). */
const CHROMATICITY_UNIT = 0.00002
const LUMINANCE_UNIT = 0.0001
const MAX_U8 = 0xff
const MAX_U16 = 0xffff
const MAX_U32 = 0xff_ff_ff_ff

/**
 * A Colour element as boxes of a visual sample entry: `colr`, `mdcv` and `clli` (ISO/IEC 14496-12, sections 12.1.5
 * to 12.1.8). A box is left out where nothing is known; `mdcv`, which has no value for "unknown", also where part of it is not.
 */
export function colourBoxes(colour: ColourSettings | undefined): Buffer[] {
  if (colour === undefined) return []
  return [...colr(colour), ...mdcv(colour.mastering), ...clli(colour)]
}

function colr({ primaries, transferCharacteristics, matrixCoefficients, range }: ColourSettings): Buffer[] {
  const codes = [primaries, transferCharacteristics, matrixCoefficients].map(code =>
    code > MAX_U8 ? UNSPECIFIED : code,
  )
  const isRangeKnown = range === BROADCAST_RANGE || range === FULL_RANGE
  if (codes.every(code => code === UNSPECIFIED) && !isRangeKnown) return []
  const fullRange = Buffer.of(range === FULL_RANGE ? 0x80 : 0)
  return [box('colr', Buffer.from('nclx', 'latin1'), u16(...codes), fullRange)]
}

/** In the order green, blue, red, as of H.265's SEI message. */
function mdcv(mastering: MasteringMetadata | undefined): Buffer[] {
  if (mastering === undefined) return []
  const { green, blue, red, whitePoint, luminanceMax, luminanceMin } = mastering
  if (luminanceMax === undefined || luminanceMin === undefined) return []
  const points = [green, blue, red, whitePoint].filter(point => point !== undefined)
  if (points.length < 4) return []
  const luminances = [luminanceMax, luminanceMin].map(value => units(value, LUMINANCE_UNIT, MAX_U32))
  return [box('mdcv', u16(...points.flatMap(chromaticityUnits)), u32(...luminances))]
}

function chromaticityUnits({ x, y }: Chromaticity): number[] {
  return [x, y].map(value => units(value, CHROMATICITY_UNIT, MAX_U16))
}

/** Zero is "unknown". */
function clli({ maxContentLight, maxFrameAverageLight }: ColourSettings): Buffer[] {
  if (!maxContentLight && !maxFrameAverageLight) return []
  return [
    box('clli', u16(...[maxContentLight, maxFrameAverageLight].map(value => units(value ?? 0, 1, MAX_U16)))),
  ]
}

function units(value: number, unit: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value / unit) || 0))
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}
