/** What is told of a picture. */
export type PictureFacts = {
  /** When it was taken, written as UTC; left out where `null`. */
  readonly takenAt: Date | null
  /** What is no ASCII is written as `?`; what is beyond 1000 characters is left out, since a segment has room for 64 KiB. */
  readonly description: string
  readonly width: number
  readonly height: number
  /** EXIF's Orientation, from 1 to 8; left out where `undefined`. */
  readonly orientation?: number | undefined
}

type Entry = { readonly tag: number; readonly type: number; readonly count: number; readonly value: Buffer }

const IFD_START = 8
const ENTRY_BYTES = 12
const YEAR_DIGITS = 4
const MOST_CHARACTERS = 1000

/**
 * A JPEG segment APP1 with EXIF 2.32 (JEITA CP-3451; TIFF 6, big-endian): the time to the millisecond and with its offset
 * from UTC, which is zero, the description, and what the standard wants of every compressed picture.
 */
export function exifSegment(facts: PictureFacts): Buffer {
  const times = timesOf(facts.takenAt)
  const image = (exifOffset: number): Entry[] => [
    ascii(0x010e, facts.description.slice(0, MOST_CHARACTERS)), // ImageDescription
    ...(facts.orientation === undefined ? [] : [short(0x0112, facts.orientation)]), // Orientation
    rational(0x011a, 72), // XResolution
    rational(0x011b, 72), // YResolution
    short(0x0128, 2), // ResolutionUnit: inches
    ascii(0x0131, 'getmedia'), // Software
    ...(times === undefined ? [] : [ascii(0x0132, times.dateTime)]), // DateTime
    short(0x0213, 1), // YCbCrPositioning: centred
    long(0x8769, exifOffset), // the Exif IFD
  ]
  const exifOffset = IFD_START + ifd(image(0), IFD_START).length
  const tiff = Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    ifd(image(exifOffset), IFD_START),
    ifd(exifEntries(facts, times), exifOffset),
  ])
  const head = Buffer.from('\xff\xe1\0\0Exif\0\0', 'latin1')
  head.writeUInt16BE(head.length - 2 + tiff.length, 2)
  return Buffer.concat([head, tiff])
}

function exifEntries({ width, height }: PictureFacts, times: Times | undefined): Entry[] {
  const undefinedType = (tag: number, text: string) => entry(tag, 7, Buffer.from(text, 'latin1'))
  return [
    undefinedType(0x9000, '0232'), // ExifVersion
    ...(times === undefined ? [] : timeEntries(times)),
    undefinedType(0x9101, '\x01\x02\x03\0'), // ComponentsConfiguration: Y, Cb, Cr
    undefinedType(0xa000, '0100'), // FlashpixVersion
    short(0xa001, 1), // ColorSpace: sRGB
    long(0xa002, width), // PixelXDimension
    long(0xa003, height), // PixelYDimension
  ].toSorted((a, b) => a.tag - b.tag)
}

type Times = { readonly dateTime: string; readonly subSecond: string }

function timeEntries({ dateTime, subSecond }: Times): Entry[] {
  return [
    ...[0x9003, 0x9004].map(tag => ascii(tag, dateTime)), // DateTimeOriginal, DateTimeDigitized
    ...[0x9010, 0x9011, 0x9012].map(tag => ascii(tag, '+00:00')), // OffsetTime, …Original, …Digitized
    ...[0x9290, 0x9291, 0x9292].map(tag => ascii(tag, subSecond)), // SubSecTime, …Original, …Digitized
  ]
}

/** EXIF has four digits for the year. */
function timesOf(takenAt: Date | null): Times | undefined {
  const iso = takenAt?.toISOString()
  if (iso === undefined || iso.indexOf('-') !== YEAR_DIGITS) return undefined
  return { dateTime: iso.slice(0, 19).replaceAll('-', ':').replace('T', ' '), subSecond: iso.slice(20, 23) }
}

/** An image file directory at `offset` of the TIFF header, followed by the values that have no room in their entries. */
function ifd(entries: readonly Entry[], offset: number): Buffer {
  const table = Buffer.alloc(2 + ENTRY_BYTES * entries.length + 4)
  const values: Buffer[] = []
  let valuesAt = offset + table.length
  table.writeUInt16BE(entries.length)
  for (const [index, { tag, type, count, value }] of entries.entries()) {
    const at = 2 + ENTRY_BYTES * index
    table.writeUInt16BE(tag, at)
    table.writeUInt16BE(type, at + 2)
    table.writeUInt32BE(count, at + 4)
    if (value.length <= 4) {
      value.copy(table, at + 8)
      continue
    }
    table.writeUInt32BE(valuesAt, at + 8)
    // Values begin at even offsets.
    const padded = value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.alloc(1)])
    values.push(padded)
    valuesAt += padded.length
  }
  return Buffer.concat([table, ...values])
}

function entry(tag: number, type: number, value: Buffer, count: number = value.length): Entry {
  return { tag, type, count, value }
}

function ascii(tag: number, text: string): Entry {
  return entry(tag, 2, Buffer.from(`${text.replace(/[^\x20-\x7e]/g, '?')}\0`, 'latin1'))
}

function short(tag: number, number: number): Entry {
  const value = Buffer.alloc(2)
  value.writeUInt16BE(number)
  return entry(tag, 3, value, 1)
}

function long(tag: number, number: number): Entry {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(number)
  return entry(tag, 4, value, 1)
}

function rational(tag: number, number: number): Entry {
  const value = Buffer.alloc(8)
  value.writeUInt32BE(number)
  value.writeUInt32BE(1, 4)
  return entry(tag, 5, value, 1)
}
