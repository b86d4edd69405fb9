import { type BytePlace, ByteSegment, bytesOf, placeOf } from './byte-segment.ts'

/**
 * Bytes that have come and are not read yet, kept as the transport's own chunks.
 * What lies in one chunk is handed out as a view; what spans chunks is filled with one copy.
 *
 * A transport that sends a few bytes at a time would leave a list of tiny chunks, each with more bookkeeping
 * than bytes; those are gathered in a block of our own, so that memory stays in proportion to the bytes.
 */
export class ByteQueue {
  /** Unread bytes. */
  length = 0
  /** One object for all of `peek`'s answers: it is asked for each element. */
  readonly #window: Window = { bytes: EMPTY.bytes, start: 0, end: 0 }
  #head = EMPTY
  #segments: ByteSegment[] = []
  /** Index in `#segments` of what follows the head; moved forward, and cut off now and then, so that shifting stays cheap. */
  #next = 0

  /** Where small copies go, one behind the other. */
  #copies: ByteSegment | undefined

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    if (chunk.length < TINY_CHUNK_BYTES && this.length > 0) this.#gather(chunk)
    else this.#append(new ByteSegment(chunk))
    this.length += chunk.length
  }

  /** The byte at `index` from the first unread one; `index` must be below `length`. */
  byteAt(index: number): number {
    const { bytes, start, end } = this.#head
    if (start + index < end) return bytes[start + index]!
    let left = index - (end - start)
    for (let i = this.#next; ; i++) {
      const segment = this.#segments[i]!
      const size = segment.end - segment.start
      if (left < size) return segment.bytes[segment.start + left]!
      left -= size
    }
  }

  /**
   * The next `count` bytes, or all where there are fewer, without taking them: a place in the chunk where they lie in
   * one, else in a copy. Good until the next call of any method.
   */
  peek(count: number): Readonly<Window> {
    const { bytes, start, end } = this.#head
    const size = Math.min(count, this.length)
    const window = this.#window
    if (start + size <= end) {
      window.bytes = bytes
      window.start = start
    } else {
      window.bytes = Uint8Array.from({ length: size }, (_, index) => this.byteAt(index))
      window.start = 0
    }
    window.end = window.start + size
    return window
  }

  /** Drops `count` bytes; `count` must not be above `length`. */
  skip(count: number): void {
    this.length -= count
    let left = count
    while (left > 0) {
      const size = this.#head.end - this.#head.start
      if (left < size) {
        this.#head.start += left
        return
      }
      left -= size
      this.#shift()
    }
  }

  /** The next `count` bytes as one array; `count` must not be above `length`. */
  take(count: number): Uint8Array {
    return bytesOf(this.takePlace(count))
  }

  /** As `take`, with no view made yet. */
  takePlace(count: number): BytePlace {
    const head = this.#head
    const { start } = head
    const end = start + count
    if (end > head.end) return this.#copy(count)
    this.length -= count
    head.start = end
    if (end === head.end) this.#shift()
    return { segment: head, start, end }
  }

  #copy(count: number): BytePlace {
    const place = this.#roomFor(count)
    const target = place.segment.bytes
    this.length -= count
    let filled = place.start
    while (filled < place.end) {
      const head = this.#head
      const size = Math.min(place.end - filled, head.end - head.start)
      target.set(head.view(head.start, head.start + size), filled)
      filled += size
      head.start += size
      if (head.start === head.end) this.#shift()
    }
    return place
  }

  /**
   * Memory for a copy. Small ones share a block, as frames share a chunk: the frame over each end of a 64 KiB chunk would
   * else have an allocation of its own, which takes longer than the copy.
   */
  #roomFor(count: number): BytePlace {
    const isBuffer = Buffer.isBuffer(this.#head.bytes)
    if (count > SHARED_BLOCK_BYTES / 4) return placeOf(newBytes(count, isBuffer))
    let block = this.#copies
    if (block === undefined || block.isBuffer !== isBuffer || block.end + count > block.bytes.length) {
      block = new ByteSegment(newBytes(SHARED_BLOCK_BYTES, isBuffer), 0)
      this.#copies = block
    }
    const start = block.end
    block.end += count
    return { segment: block, start, end: block.end }
  }

  #append(segment: ByteSegment): void {
    if (this.length === 0) this.#head = segment
    else this.#segments.push(segment)
  }

  /** Adds a tiny chunk to the last segment if that is a block of ours with room, or to a new one. */
  #gather(chunk: Uint8Array): void {
    const last = this.#next === this.#segments.length ? this.#head : this.#segments.at(-1)
    if (last?.gathers && last.end + chunk.length <= last.bytes.length) {
      last.bytes.set(chunk, last.end)
      last.end += chunk.length
      return
    }
    const bytes = newBytes(BLOCK_BYTES, Buffer.isBuffer(chunk))
    bytes.set(chunk)
    this.#append(new ByteSegment(bytes, chunk.length, true))
  }

  #shift(): void {
    if (this.#next === this.#segments.length) {
      this.#head = EMPTY
      this.#segments = []
      this.#next = 0
      return
    }
    this.#head = this.#segments[this.#next]!
    this.#segments[this.#next] = EMPTY
    this.#next++
    if (this.#next >= COMPACT_AFTER && this.#next * 2 >= this.#segments.length) {
      this.#segments = this.#segments.slice(this.#next)
      this.#next = 0
    }
  }
}

type Window = { bytes: Uint8Array; start: number; end: number }

const TINY_CHUNK_BYTES = 128
const BLOCK_BYTES = 4096
const SHARED_BLOCK_BYTES = 64 * 1024
const COMPACT_AFTER = 1024
const EMPTY = new ByteSegment(new Uint8Array(0))

function newBytes(count: number, isBuffer: boolean): Uint8Array {
  return isBuffer ? Buffer.allocUnsafeSlow(count) : new Uint8Array(count)
}
