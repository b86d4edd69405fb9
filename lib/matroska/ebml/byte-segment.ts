/** The class that Node makes every `Buffer` of: a view by it takes 25 ns, by `Buffer.from` 70, by `Buffer.subarray` 90. */
const NodeBuffer = (Buffer as unknown as { readonly [Symbol.species]: ByteViewClass })[Symbol.species]

type ByteViewClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Uint8Array

/**
 * A chunk of bytes that can be read in part, and views of it. A view is made only of what is handed out, and from facts
 * of the chunk that are asked for once.
 */
export class ByteSegment {
  readonly bytes: Uint8Array
  /** The unread bytes are those from `start` to `end`. */
  start = 0
  end: number
  /** A block of the queue's own, which takes more bytes behind `end`. */
  readonly gathers: boolean
  readonly isBuffer: boolean
  readonly #buffer: ArrayBufferLike
  readonly #byteOffset: number

  constructor(bytes: Uint8Array, end = bytes.length, gathers = false) {
    this.bytes = bytes
    this.end = end
    this.gathers = gathers
    this.#buffer = bytes.buffer
    this.#byteOffset = bytes.byteOffset
    this.isBuffer = Buffer.isBuffer(bytes)
  }

  /** The bytes from one index to another, as a `Buffer` where the chunk is one. */
  view(start: number, end: number): Uint8Array {
    const byteOffset = this.#byteOffset + start
    return this.isBuffer
      ? new NodeBuffer(this.#buffer, byteOffset, end - start)
      : new Uint8Array(this.#buffer, byteOffset, end - start)
  }
}

/**
 * Memory for small copies, which share blocks as frames share a chunk: one allocation for each would take longer than the
 * copy. What is larger than a quarter of a block has memory of its own.
 */
export class CopyRoom {
  readonly #blockBytes: number
  #block = EMPTY

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  /** Room for so many bytes, from the segment's old `end` to its new one. */
  take(count: number, isBuffer: boolean): ByteSegment {
    if (count > this.#blockBytes / 4) return new ByteSegment(newBytes(count, isBuffer))
    const block = this.#block
    const hasRoom = block.isBuffer === isBuffer && block.end + count <= block.bytes.length
    if (!hasRoom) this.#block = new ByteSegment(newBytes(this.#blockBytes, isBuffer), 0)
    this.#block.end += count
    return this.#block
  }
}

const EMPTY = new ByteSegment(new Uint8Array(0))

/** Uninitialised where it can be: what is asked for is written over. */
export function newBytes(count: number, isBuffer: boolean): Uint8Array {
  return isBuffer ? Buffer.allocUnsafeSlow(count) : new Uint8Array(count)
}

/** Where some bytes lie. */
export type BytePlace = { segment: ByteSegment; start: number; end: number }

export function placeOf(bytes: Uint8Array): BytePlace {
  return { segment: new ByteSegment(bytes), start: 0, end: bytes.length }
}

export function bytesOf({ segment, start, end }: BytePlace): Uint8Array {
  return segment.view(start, end)
}

/** The bytes of a place in memory of a room: a view of a few bytes would keep its whole chunk. */
export function copyOf({ segment, start, end }: Readonly<BytePlace>, room: CopyRoom): Uint8Array {
  const count = end - start
  const target = room.take(count, true)
  const from = target.end - count
  if (count > COPIED_ONE_BY_ONE) target.bytes.set(segment.view(start, end), from)
  else for (let index = 0; index < count; index++) target.bytes[from + index] = segment.bytes[start + index]!
  return target.view(from, target.end)
}

/** So few bytes are copied faster than a view of them is made. */
const COPIED_ONE_BY_ONE = 64
