import { exifSegment, type PictureFacts } from './exif.ts'

/** What the segments of a JPEG say (ITU-T T.81, annex B). */
export type JpegFacts = {
  readonly width: number
  readonly height: number
  readonly hasExif: boolean
  /** Frames of MJPEG may lack them; then every decoder of MJPEG knows which are meant, and no viewer of JPEG does. */
  readonly hasHuffmanTables: boolean
}

const SOI_BYTES = 2
const DHT = 0xc4
const SOS = 0xda
const APP1 = 0xe1
/** SOF0 to SOF15, but for DHT, JPG and DAC, which lie among them. */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![DHT, 0xc8, 0xcc].includes(marker)
/** TEM, and RST0 to EOI: markers that nothing belongs to. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)

/** `undefined` for what is no JPEG, or is cut off. */
export function readJpeg(data: Uint8Array): JpegFacts | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xff_d8 || bytes.indexOf(END_OF_IMAGE) < 0)
    return undefined
  const segments = Array.from(segmentsOf(bytes))
  const frame = segments.find(({ marker, payload }) => isFrameHeader(marker) && payload.length >= 5)?.payload
  if (frame === undefined || segments.at(-1)?.marker !== SOS) return undefined
  return {
    height: frame.readUInt16BE(1),
    width: frame.readUInt16BE(3),
    hasExif: segments.some(
      ({ marker, payload }) => marker === APP1 && payload.toString('latin1', 0, 6) === 'Exif\0\0',
    ),
    hasHuffmanTables: segments.some(({ marker }) => marker === DHT),
  }
}

const END_OF_IMAGE = Buffer.of(0xff, 0xd9)

/** Up to the first scan's header, or to where the bytes are no segments. */
function* segmentsOf(bytes: Buffer): Generator<{ readonly marker: number; readonly payload: Buffer }> {
  let at = SOI_BYTES
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!
    // Markers may be filled up with bytes of 0xff.
    if (marker === 0xff) at += 1
    else if (isBare(marker)) at += 2
    else {
      const end = at + 2 + bytes.readUInt16BE(at + 2)
      yield { marker, payload: bytes.subarray(at + 4, end) }
      if (marker === SOS) return
      at = end
    }
  }
}

/** The JPEG with EXIF as its first segment, where the standard wants it. The picture is the same, bit for bit. */
export function withExif(jpeg: Uint8Array, facts: PictureFacts): Uint8Array[] {
  return [jpeg.subarray(0, SOI_BYTES), exifSegment(facts), jpeg.subarray(SOI_BYTES)]
}
