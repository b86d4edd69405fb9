import { type BytePlace, ByteSegment, bytesOf, CopyRoom, newBytes } from './byte-segment.ts'

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
  /** One object for all of `takePlace`'s answers: it is asked for each element. */
  readonly #taken: BytePlace = { segment: EMPTY, start: 0, end: 0 }
  #head = EMPTY
  #segments: ByteSegment[] = []
  /** Index in `#segments` of what follows the head; moved forward, and cut off now and then, so that shifting stays cheap. */
  #next = 0

  /** For frames over the ends of chunks. */
  readonly #copies = new CopyRoom(SHARED_BLOCK_BYTES)

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
   * The next `count` bytes or more, or all where there are fewer, without taking them: the chunk that they lie in, from its
   * `start` to its `end`, or a copy of so many where they span chunks. Good until the next call of any method.
   */
  peek(count: number): Readonly<ByteSegment> {
    const head = this.#head
    const size = Math.min(count, this.length)
    if (head.start + size <= head.end) return head
    const copied = newBytes(size, head.isBuffer)
    for (let index = 0; index < size; index++) copied[index] = this.byteAt(index)
    return new ByteSegment(copied)
  }

  /** Where the next `count` bytes lie, without taking them; `undefined` where that is not all in one chunk. */
  placeAhead(count: number): BytePlace | undefined {
    const segment = this.#head
    const end = segment.start + count
    return end > segment.end ? undefined : { segment, start: segment.start, end }
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

  /** As `take`, with no view made yet. The object is good until the next call; the bytes are for good. */
  takePlace(count: number): Readonly<BytePlace> {
    const head = this.#head
    const { start } = head
    const end = start + count
    if (end > head.end) return this.#copy(count)
    this.length -= count
    head.start = end
    if (end === head.end) this.#shift()
    return moved(this.#taken, head, start, end)
  }

  /** Forgets the place that was told last: it would keep its chunk in memory. */
  letGo(): void {
    this.#taken.segment = EMPTY
  }

  #copy(count: number): Readonly<BytePlace> {
    const segment = this.#copies.take(count, this.#head.isBuffer)
    const start = segment.end - count
    this.length -= count
    let filled = start
    while (filled < segment.end) {
      const head = this.#head
      const size = Math.min(segment.end - filled, head.end - head.start)
      // A small chunk is copied whole, without a view of it.
      const part = size === head.bytes.length ? head.bytes : head.view(head.start, head.start + size)
      segment.bytes.set(part, filled)
      filled += size
      head.start += size
      if (head.start === head.end) this.#shift()
    }
    return moved(this.#taken, segment, start, segment.end)
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

const TINY_CHUNK_BYTES = 128
const BLOCK_BYTES = 4096
const SHARED_BLOCK_BYTES = 64 * 1024
const COMPACT_AFTER = 1024
const EMPTY = new ByteSegment(new Uint8Array(0))

/** Tells of another place by the same object. A reference that stays is not written: the garbage collector hears of each write. */
function moved(place: BytePlace, segment: ByteSegment, start: number, end: number): BytePlace {
  if (place.segment !== segment) place.segment = segment
  place.start = start
  place.end = end
  return place
}
