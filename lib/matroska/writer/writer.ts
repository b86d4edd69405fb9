import { OptionError } from '../../core/errors.ts'
import { ELEMENT_IDS } from '../schema/elements.ts'

/**
 * Bytes of EBML and Matroska, from small pure functions: each gives the bytes of one element, and a document is
 * their concatenation. A size or a number is written in the fewest bytes unless a width is asked for, so that
 * every legal form can be made on purpose (RFC 8794, sections 4 to 7; RFC 9559, section 10).
 */

/** In place of a size: the element ends where its parent or the schema ends it (RFC 8794, section 6.2). */
export const UNKNOWN_SIZE = 'unknown'

/** How an element's size is written. */
export type ElementOptions = {
  /**
   * Octets of the size field, 1 to 8.
   *
   * @default the fewest that hold the size; 1 for an unknown size
   */
  readonly sizeWidth?: number
  /** Writes the size as unknown, in `sizeWidth` octets. Only Segment and Cluster may have it. */
  readonly unknownSize?: boolean
}

/** How a number's payload is written. */
export type NumberOptions = ElementOptions & {
  /** Octets of the payload. */
  readonly width?: number
}

/** How the frames of a block are joined (RFC 9559, section 10.3). */
export type Lacing = 'none' | 'xiph' | 'fixed' | 'ebml'

/** What a block holds: its header's fields and its frames. */
export type BlockContent = {
  /** The track's number; from 128 on it takes two octets or more. */
  readonly track: number
  /** Ticks from the cluster's timestamp, -32768 to 32767. */
  readonly relativeTimestamp: number
  /** The payloads: one without lacing, up to 256 with it. */
  readonly frames: readonly Uint8Array[]
  /** @default 'none' */
  readonly lacing?: Lacing
  /** SimpleBlock only: a Block tells it by having no ReferenceBlock. */
  readonly keyframe?: boolean
  readonly invisible?: boolean
  /** SimpleBlock only. */
  readonly discardable?: boolean
}

/** An element id's octets, its length marker being a part of the number: `0x1A45DFA3` gives `1a 45 df a3`. */
export function encodeId(id: number): Buffer {
  const width = id > 0xff_ff_ff ? 4 : id > 0xff_ff ? 3 : id > 0xff ? 2 : 1
  const marked = Number.isInteger(id) && id >>> (7 * width) === 1
  if (!marked) throw new OptionError('id', 'be an element id with its length marker', id)
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(id, 0, width)
  return bytes
}

/**
 * A variable-size integer (RFC 8794, section 4) of `width` octets, or of the fewest.
 * All data bits set means "unknown" in a size, so the shortest form steps around it: 127 is `40 7f`.
 */
export function vint(value: number | bigint, width?: number): Buffer {
  const number = toUnsigned('value', value)
  const octets = width ?? fewestOctets(number)
  checkWidth('width', octets)
  const dataBits = BigInt(7 * octets)
  if (number >= 1n << dataBits) throw new OptionError('value', `fit in ${dataBits} bits`, value)
  return bigEndian(number | (1n << dataBits), octets)
}

/** The octets of a size field; `UNKNOWN_SIZE` sets every data bit, at any width from 1 to 8. */
export function encodeSize(size: number | bigint | typeof UNKNOWN_SIZE, width?: number): Buffer {
  if (size !== UNKNOWN_SIZE) {
    const bytes = vint(size, width)
    const octets = BigInt(7 * bytes.length)
    if (BigInt(size) === (1n << octets) - 1n) {
      throw new OptionError('size', `be less than the unknown-size mark of ${bytes.length} octets`, size)
    }
    return bytes
  }
  const octets = width ?? 1
  checkWidth('width', octets)
  return vint((1n << BigInt(7 * octets)) - 1n, octets)
}

/** One element: its id, its size and the payload. */
export function element(id: number, payload: Uint8Array, options: ElementOptions = {}): Buffer {
  const size = options.unknownSize ? UNKNOWN_SIZE : payload.length
  return Buffer.concat([encodeId(id), encodeSize(size, options.sizeWidth), payload])
}

/** A master element with a known size of the fewest octets. For another size form, give `element` the children joined. */
export function master(id: number, ...children: readonly Uint8Array[]): Buffer {
  return element(id, Buffer.concat(children))
}

/** An unsigned integer element; zero takes one octet unless `width` is 0. */
export function uint(id: number, value: number | bigint, options: NumberOptions = {}): Buffer {
  const number = toUnsigned('value', value)
  const width = options.width ?? Math.max(1, octetsOf(number))
  if (width < 8 && number >= 1n << BigInt(8 * width)) {
    throw new OptionError('value', `fit in ${width} octets`, value)
  }
  return element(id, bigEndian(number, width), options)
}

/** A signed integer element, in two's complement. */
export function int(id: number, value: number | bigint, options: NumberOptions = {}): Buffer {
  const number = BigInt(value)
  let width = 1
  while (BigInt.asIntN(8 * width, number) !== number) width++
  return element(id, bigEndian(BigInt.asUintN(64, number), options.width ?? width), options)
}

/** A float element of 8 octets, or of 4. */
export function float(id: number, value: number, options: NumberOptions = {}): Buffer {
  const width = options.width ?? 8
  if (width !== 4 && width !== 8) throw new OptionError('width', 'be 4 or 8 for a float', width)
  const payload = Buffer.alloc(width)
  if (width === 4) payload.writeFloatBE(value)
  else payload.writeDoubleBE(value)
  return element(id, payload, options)
}

/** A string element, in UTF-8. A NUL at the end is written as given; producers add one. */
export function string(id: number, value: string, options: ElementOptions = {}): Buffer {
  return element(id, Buffer.from(value, 'utf8'), options)
}

/** A binary element. */
export function binary(id: number, value: Uint8Array, options: ElementOptions = {}): Buffer {
  return element(id, value, options)
}

/** A SimpleBlock (RFC 9559, section 10.2). */
export function simpleBlock(content: BlockContent, options: ElementOptions = {}): Buffer {
  const flags = (content.keyframe ? 0x80 : 0) | (content.discardable ? 0x01 : 0)
  return element(ELEMENT_IDS.SimpleBlock, blockPayload(content, flags), options)
}

/** A Block, which belongs in a BlockGroup (RFC 9559, section 10.1). */
export function block(content: BlockContent, options: ElementOptions = {}): Buffer {
  return element(ELEMENT_IDS.Block, blockPayload(content, 0), options)
}

const LACING_FLAGS = { none: 0x00, xiph: 0x02, fixed: 0x04, ebml: 0x06 } as const

function blockPayload(content: BlockContent, flags: number): Buffer {
  const { track, relativeTimestamp, frames, lacing = 'none', invisible = false } = content
  const fits =
    Number.isInteger(relativeTimestamp) && relativeTimestamp >= -0x8000 && relativeTimestamp <= 0x7fff
  if (!fits) throw new OptionError('relativeTimestamp', 'be an integer of 16 bits', relativeTimestamp)
  const timestampAndFlags = Buffer.alloc(3)
  timestampAndFlags.writeInt16BE(relativeTimestamp)
  timestampAndFlags[2] = flags | (invisible ? 0x08 : 0) | LACING_FLAGS[lacing]
  return Buffer.concat([vint(track), timestampAndFlags, laceHead(lacing, frames), ...frames])
}

/** What stands between a block's header and its frames: nothing, or the count and the sizes. */
function laceHead(lacing: Lacing, frames: readonly Uint8Array[]): Buffer {
  const most = lacing === 'none' ? 1 : 256
  if (frames.length < 1 || frames.length > most) {
    throw new OptionError('frames', `be 1 to ${most} frames with lacing ${lacing}`, frames.length)
  }
  const sizes = frames.map(frame => frame.length)
  const count = Buffer.of(frames.length - 1)
  if (lacing === 'none') return Buffer.alloc(0)
  if (lacing === 'xiph') return Buffer.concat([count, ...sizes.slice(0, -1).map(xiphSize)])
  if (lacing === 'ebml') return Buffer.concat([count, ...ebmlLaceSizes(sizes.slice(0, -1))])
  if (sizes.some(size => size !== sizes[0])) {
    throw new OptionError('frames', 'be of one size with fixed lacing', sizes)
  }
  return count
}

/** As many 255s as it holds, then the rest (RFC 9559, section 10.3.2). */
function xiphSize(size: number): Buffer {
  const bytes = Buffer.alloc(Math.floor(size / 255) + 1, 0xff)
  bytes[bytes.length - 1] = size % 255
  return bytes
}

/** The first size as it is, each further one as its difference (RFC 9559, section 10.3.3). */
function ebmlLaceSizes(sizes: readonly number[]): Buffer[] {
  return sizes.map((size, index) => (index === 0 ? vint(size) : signedVint(size - sizes[index - 1]!)))
}

/** A signed difference: the middle of the range is zero, and all data bits set stay unused. */
function signedVint(value: number): Buffer {
  let width = 1
  while (Math.abs(value) > 2 ** (7 * width - 1) - 1) width++
  return vint(value + 2 ** (7 * width - 1) - 1, width)
}

function toUnsigned(name: string, value: number | bigint): bigint {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!whole || value < 0 || BigInt(value) >= 1n << 64n) {
    throw new OptionError(name, 'be an unsigned integer of 64 bits, a bigint beyond 2^53', value)
  }
  return BigInt(value)
}

function checkWidth(name: string, width: number): void {
  if (!Number.isInteger(width) || width < 1 || width > 8) throw new OptionError(name, 'be 1 to 8', width)
}

function fewestOctets(value: bigint): number {
  let width = 1
  while (width < 8 && value >= (1n << BigInt(7 * width)) - 1n) width++
  return width
}

function octetsOf(value: bigint): number {
  return value === 0n ? 0 : Math.ceil(value.toString(16).length / 2)
}

function bigEndian(value: bigint, width: number): Buffer {
  if (!Number.isInteger(width) || width < 0 || width > 8) {
    throw new OptionError('width', 'be 0 to 8 octets', width)
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes.subarray(8 - width)
}
