import { SegmentClock } from '../matroska/reader/segment-clock.ts'
import { type Acknowledgement, AcknowledgementError, parseAcknowledgement } from './acknowledgement.ts'

/**
 * Reads acknowledgements from the bytes of PutMedia's answer, however they are cut: one JSON object a line. `push` bytes,
 * or `end`, then call `next` until it gives `undefined`. Memory: one line, and the chunk that came last.
 */
export class AcknowledgementReader {
  /** The line that has begun. */
  #line = ''
  readonly #whole: string[] = []
  readonly #decoder = new TextDecoder()
  readonly #clock: SegmentClock

  /** `timestampScale` is that of the media that the acknowledgements are about, in nanoseconds. */
  constructor(timestampScale = 1_000_000) {
    this.#clock = new SegmentClock(timestampScale)
  }

  push(chunk: Uint8Array): void {
    this.#take(this.#decoder.decode(chunk, { stream: true }))
  }

  /** No more bytes come: what has come of the last line must be whole. */
  end(): void {
    this.#take(`${this.#decoder.decode()}\n`)
  }

  /** @throws AcknowledgementError */
  next(): Acknowledgement | undefined {
    for (let line = this.#whole.shift(); line !== undefined; line = this.#whole.shift()) {
      checkLength(line)
      const acknowledgement = line.trim() === '' ? undefined : parseAcknowledgement(line, this.#clock)
      if (acknowledgement !== undefined) return acknowledgement
    }
    checkLength(this.#line)
    return undefined
  }

  #take(text: string): void {
    const [first = '', ...rest] = text.split('\n')
    const last = rest.pop()
    if (last === undefined) {
      this.#line += first
      return
    }
    this.#whole.push(this.#line + first, ...rest)
    this.#line = last
  }
}

/** The C producer refuses more than 1,024 characters; without any limit a broken answer would fill the memory. */
const MAX_LINE_CHARACTERS = 16 * 1024

function checkLength(line: string): void {
  if (line.length > MAX_LINE_CHARACTERS) {
    throw new AcknowledgementError(`a line of more than ${MAX_LINE_CHARACTERS} characters`)
  }
}
