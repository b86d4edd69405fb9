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
  #head: Segment = EMPTY
  #segments: Segment[] = []
  /** Index in `#segments` of what follows the head; moved forward, and cut off now and then, so that shifting stays cheap. */
  #next = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    if (chunk.length < TINY_CHUNK_BYTES && this.length > 0) this.#gather(chunk)
    else this.#append({ bytes: chunk, start: 0, end: chunk.length, gathers: false })
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
    const head = this.#head
    const end = head.start + count
    if (end > head.end) return this.#copy(count)
    const view = head.bytes.subarray(head.start, end)
    this.length -= count
    head.start = end
    if (end === head.end) this.#shift()
    return view
  }

  #copy(count: number): Uint8Array {
    const isBuffer = Buffer.isBuffer(this.#head.bytes)
    const target = isBuffer ? Buffer.allocUnsafe(count) : new Uint8Array(count)
    this.length -= count
    let filled = 0
    while (filled < count) {
      const head = this.#head
      const size = Math.min(count - filled, head.end - head.start)
      target.set(head.bytes.subarray(head.start, head.start + size), filled)
      filled += size
      head.start += size
      if (head.start === head.end) this.#shift()
    }
    return target
  }

  #append(segment: Segment): void {
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
    const bytes = Buffer.isBuffer(chunk) ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : new Uint8Array(BLOCK_BYTES)
    bytes.set(chunk)
    this.#append({ bytes, start: 0, end: chunk.length, gathers: true })
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

type Segment = {
  readonly bytes: Uint8Array
  start: number
  end: number
  /** A block of ours, which takes more bytes behind `end`. */
  readonly gathers: boolean
}

const TINY_CHUNK_BYTES = 128
const BLOCK_BYTES = 4096
const COMPACT_AFTER = 1024
const EMPTY: Segment = { bytes: new Uint8Array(0), start: 0, end: 0, gathers: false }
