import { type Clock, sleep } from '../../core/clock.ts'
import { Pacer } from '../limits/pacer.ts'
import type { ResponseBody } from './response-body.ts'

/** Largest piece that is handed to the socket at once, where no rate asks for smaller ones. */
const PIECE_BYTES = 1_048_576
/** How much of the time lost to a late timer is made up for. */
const BURST_MS = 50
/** How much is sent at once, in time. */
const PIECE_MS = 5

/** A response body held to a rate. */
export class PacedBody {
  readonly #body: ResponseBody
  readonly #clock: Clock
  readonly #pacer: Pacer
  readonly #pieceBytes: number

  constructor(body: ResponseBody, bytesPerSecond: number, clock: Clock) {
    this.#body = body
    this.#clock = clock
    this.#pacer = new Pacer(bytesPerSecond, BURST_MS, clock)
    this.#pieceBytes = Math.max(1, Math.min(PIECE_BYTES, Math.floor((bytesPerSecond * PIECE_MS) / 1000)))
  }

  /** Sends bytes as fast as the rate and the client let it. @throws BodyOver, AbortError when the client is gone */
  async send(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += this.#pieceBytes) {
      const piece = bytes.subarray(start, start + this.#pieceBytes)
      const delayMs = this.#pacer.reserve(piece.length)
      if (delayMs > 0) await sleep(delayMs, this.#clock, this.#body.closed)
      await this.#body.write(piece)
    }
  }
}
