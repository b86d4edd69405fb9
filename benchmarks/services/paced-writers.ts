import type { ServerResponse } from 'node:http'

/** How often every session gets what is due. */
const TICK_MS = 2
/** How much of lost time is made up for. */
const BURST_MS = 50

type Session = {
  readonly response: ServerResponse
  readonly pieces: () => readonly Buffer[]
  readonly onSent: (bytes: number) => void
  /** What is left of the present fragment. */
  left: Buffer[]
  /** How much may go out now. */
  allowance: number
}

/** Holds any number of sessions to a rate, each for itself, with one timer for all. */
export class PacedWriters {
  readonly #bytesPerMs: number
  readonly #sessions = new Set<Session>()
  #timer: NodeJS.Timeout | undefined
  #lastMs = 0

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
  }

  /** Sends what `pieces` gives, until that is nothing. */
  add(response: ServerResponse, pieces: () => readonly Buffer[], onSent: (bytes: number) => void): void {
    const session = { response, pieces, onSent, left: [], allowance: 0 }
    this.#sessions.add(session)
    response.on('close', () => this.#remove(session))
    if (this.#timer !== undefined) return
    this.#lastMs = performance.now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  #remove(session: Session): void {
    this.#sessions.delete(session)
    if (this.#sessions.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    const due = (now - this.#lastMs) * this.#bytesPerMs
    this.#lastMs = now
    for (const session of this.#sessions) {
      session.allowance = Math.min(session.allowance + due, BURST_MS * this.#bytesPerMs)
      this.#send(session)
    }
  }

  #send(session: Session): void {
    const { response, onSent } = session
    response.cork()
    while (session.allowance >= 1 && !response.writableNeedDrain) {
      if (session.left.length === 0) session.left = [...session.pieces()]
      const [part, ...rest] = session.left
      if (part === undefined) {
        response.end()
        this.#remove(session)
        break
      }
      const piece = part.subarray(0, Math.floor(session.allowance))
      session.left = piece.length < part.length ? [part.subarray(piece.length), ...rest] : rest
      session.allowance -= piece.length
      onSent(piece.length)
      response.write(piece)
    }
    response.uncork()
  }
}
