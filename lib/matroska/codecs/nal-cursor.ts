import { isAnnexB } from './nal-units.ts'

const START_CODE = Uint8Array.of(0, 0, 1)

/**
 * Steps through a frame's NAL units from the front and looks at no more of the frame than asked for, where `frameUnits` lists
 * them all. In Annex B a unit's `end` is the frame's: the search for the next start code is left to the next step.
 */
export class NalCursor {
  /** The current unit's first byte, and where it ends at the latest. */
  start = 0
  end = 0
  /** The lengths contradict the frame's size; nothing more is found. */
  isMalformed = false
  readonly data: Uint8Array
  readonly #lengthSize: number
  /** A view on `data` to search for start codes in; `undefined` where units have their lengths before them. */
  readonly #annexB: Buffer | undefined
  #next = 0

  constructor(data: Uint8Array, lengthSize: number) {
    this.data = data
    this.#lengthSize = lengthSize
    this.#annexB = isAnnexB(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : undefined
  }

  /** Moves to the next unit; false where there is none. */
  next(): boolean {
    return this.#annexB === undefined ? this.#nextPrefixed() : this.#nextAnnexB(this.#annexB)
  }

  #nextAnnexB(bytes: Buffer): boolean {
    const code = bytes.indexOf(START_CODE, this.#next)
    if (code < 0 || code + START_CODE.length >= bytes.length) return false
    this.start = code + START_CODE.length
    this.end = bytes.length
    this.#next = this.start
    return true
  }

  #nextPrefixed(): boolean {
    const { data } = this
    while (this.#next < data.length) {
      let length = 0
      for (let i = 0; i < this.#lengthSize; i++) length = length * 256 + (data[this.#next + i] ?? 0)
      this.start = this.#next + this.#lengthSize
      this.end = this.start + length
      if (this.end > data.length) {
        this.isMalformed = true
        this.#next = data.length
        return false
      }
      this.#next = this.end
      if (length > 0) return true
    }
    return false
  }
}
