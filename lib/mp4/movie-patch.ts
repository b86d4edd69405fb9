import type { VideoSettings } from '../matroska/reader/tracks.ts'
import { type Box, box, boxesIn, u32 } from './box.ts'
import { colourBoxes } from './colour-boxes.ts'
import { type PictureShape, pictureShape } from './picture-shape.ts'

/**
 * Adds to a movie header (`moov`) what mediabunny has no word for: display matrix and size, pixel aspect ratio, clean aperture
 * and colour of each video track. `video` are the settings of the tracks in the header's order, `undefined` for other tracks.
 * Boxes beside `moov` stay as they are; chunk offsets do too, so `moov` must not be in front of the media they point to.
 */
export function withVideoSettings(
  header: Uint8Array,
  video: readonly (VideoSettings | undefined)[],
): Uint8Array {
  let trackIndex = 0
  return mapBoxes(header, outer =>
    outer.type !== 'moov'
      ? outer.bytes
      : box(
          'moov',
          mapBoxes(outer.payload, inner => {
            const settings = inner.type === 'trak' ? video[trackIndex++] : undefined
            return settings === undefined ? inner.bytes : patchTrack(inner, settings)
          }),
        ),
  )
}

function mapBoxes(bytes: Uint8Array, map: (each: Box) => Uint8Array): Buffer {
  return Buffer.concat(boxesIn(bytes).map(map))
}

/** Where the sample entries lie in a track. */
const PATH_TO_ENTRIES: Readonly<Record<string, string>> = { mdia: 'minf', minf: 'stbl', stbl: 'stsd' }

function patchTrack(trak: Box, video: VideoSettings): Buffer {
  const shape = pictureShape(video)
  const added = [...shapeBoxes(shape, video), ...colourBoxes(video.colour)]
  const parts = mapBoxes(trak.payload, child => {
    if (child.type === 'tkhd') return patchTrackHeader(child, shape)
    return child.type === 'mdia' ? patchEntries(child, added) : child.bytes
  })
  return box('trak', parts)
}

function patchEntries(parent: Box, added: readonly Uint8Array[]): Buffer {
  const next = PATH_TO_ENTRIES[parent.type]
  if (next !== undefined) {
    const children = mapBoxes(parent.payload, child =>
      child.type === next ? patchEntries(child, added) : child.bytes,
    )
    return box(parent.type, children)
  }
  const [counts, entries] = [parent.payload.subarray(0, 8), parent.payload.subarray(8)]
  return box(
    'stsd',
    counts,
    mapBoxes(entries, entry => patchEntry(entry, added)),
  )
}

/** Fields of a visual sample entry before its boxes (ISO/IEC 14496-12, section 12.1.3.2). */
const VISUAL_ENTRY_BYTES = 78
/** Boxes that the added ones replace. */
const REPLACED = new Set(['pasp', 'clap', 'colr', 'mdcv', 'clli'])

function patchEntry({ type, payload }: Box, added: readonly Uint8Array[]): Buffer {
  const kept = boxesIn(payload.subarray(VISUAL_ENTRY_BYTES)).filter(child => !REPLACED.has(child.type))
  return box(type, payload.subarray(0, VISUAL_ENTRY_BYTES), ...kept.map(({ bytes }) => bytes), ...added)
}

function shapeBoxes(
  { pixelAspect, crop }: PictureShape,
  { pixelWidth, pixelHeight }: VideoSettings,
): Buffer[] {
  const boxes: Buffer[] = []
  if (crop !== undefined) {
    const { left, right, top, bottom } = crop
    const [width, height] = [pixelWidth - left - right, pixelHeight - top - bottom]
    // The offsets are those of the centres, in halves of a pixel.
    boxes.push(box('clap', u32(width, 1, height, 1), i32(left - right, 2, top - bottom, 2)))
  }
  if (pixelAspect !== undefined) boxes.push(box('pasp', u32(pixelAspect.horizontal, pixelAspect.vertical)))
  return boxes
}

/** Before the matrix in a `tkhd` (ISO/IEC 14496-12, section 8.3.2): version and flags, times, layer, volume. */
const MATRIX_AT = [40, 52]
const FIXED_16 = 0x1_00_00
const MAX_FIXED_16 = 0xff_ff
/** The matrix's last element, in 2.30 fixed point. */
const W = 0x40_00_00_00

function patchTrackHeader({ payload }: Box, shape: PictureShape): Buffer {
  const matrixAt = MATRIX_AT[payload[0]!] ?? MATRIX_AT[0]!
  const [a, b, c, d] = shape.matrix ?? [1, 0, 0, 1]
  const [width, height] = [shape.width, shape.height].map(size => Math.min(size, MAX_FIXED_16)) as [
    number,
    number,
  ]
  // Moved so that the corner of what is shown is at the origin again.
  const x = -Math.min(0, a * width) - Math.min(0, c * height)
  const y = -Math.min(0, b * width) - Math.min(0, d * height)
  return box(
    'tkhd',
    payload.subarray(0, matrixAt),
    i32(...[a, b].map(fixed16), 0, ...[c, d].map(fixed16), 0, ...[x, y].map(fixed16), W),
    u32(fixed16(width), fixed16(height)),
  )
}

function fixed16(value: number): number {
  return Math.round(value * FIXED_16)
}

function i32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value | 0, 4 * index)
  return bytes
}
