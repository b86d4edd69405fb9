import { ByteQueue } from '../../matroska/ebml/byte-queue.ts'

/** The producer's bytes as they came, to be cut where the reader says. Offsets count from the body's first byte. */
export class RawBytes {
  readonly #bytes = new ByteQueue()
  #offset = 0

  /** Bytes that are held. */
  get length(): number {
    return this.#bytes.length
  }

  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk)
  }

  /** The bytes from where the last cut was up to an offset. */
  cutAt(offset: number): Uint8Array {
    const length = offset - this.#offset
    this.#offset = offset
    return length === 0 ? new Uint8Array() : this.#bytes.take(length)
  }

  /** Lets the bytes go up to an offset. */
  dropTo(offset: number): void {
    this.#bytes.skip(offset - this.#offset)
    this.#offset = offset
  }
}
