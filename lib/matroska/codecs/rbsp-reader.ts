/**
 * Bits of a NAL unit's payload without its emulation prevention bytes (H.264 section 7.3.1, H.265 section 7.3.1.1). Nothing is
 * copied. Reading past the end gives zeros and sets `isExhausted`; a start code ends the unit, so `end` may lie after it.
 */
export class RbspReader {
  isExhausted = false
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number
  /** Zero bytes in a row before `#at`. */
  #zeros = 0
  #byte = 0
  #bitsLeft = 0

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = Math.min(end, bytes.length)
  }

  /** A byte-aligned byte: no bits of another may be left. */
  byte(): number {
    if (this.#zeros >= 2 && this.#at < this.#end) {
      const next = this.#bytes[this.#at]!
      if (next < EMULATION_PREVENTION) this.#at = this.#end
      else if (next === EMULATION_PREVENTION) {
        this.#at++
        this.#zeros = 0
      }
    }
    if (this.#at >= this.#end) {
      this.isExhausted = true
      return 0
    }
    const byte = this.#bytes[this.#at++]!
    this.#zeros = byte === 0 ? this.#zeros + 1 : 0
    return byte
  }

  bit(): number {
    if (this.#bitsLeft === 0) {
      this.#byte = this.byte()
      this.#bitsLeft = 8
    }
    return (this.#byte >> --this.#bitsLeft) & 1
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  /** An unsigned Exp-Golomb code, ue(v) (H.264 section 9.1). */
  ue(): number {
    let zeros = 0
    while (this.bit() === 0) {
      if (++zeros > 31 || this.isExhausted) {
        this.isExhausted = true
        return 0
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }
}

const EMULATION_PREVENTION = 3
