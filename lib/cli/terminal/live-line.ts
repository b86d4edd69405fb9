import { clearLine, cursorTo } from 'node:readline'

export type LiveLineOptions = {
  /** Where standard error is no terminal: a line of its own so often. @default no line at all */
  readonly withoutTerminalEveryMs?: number
}

/** A line on standard error that is written over as things go on. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream = process.stderr
  readonly #timer: NodeJS.Timeout | undefined
  readonly #text: () => string
  #isShown = false

  constructor(text: () => string, options: LiveLineOptions = {}) {
    this.#text = text
    const everyMs = this.#stream.isTTY ? 250 : options.withoutTerminalEveryMs
    if (everyMs === undefined) return
    this.#timer = setInterval(() => this.#draw(), everyMs)
    this.#timer.unref()
  }

  /** Takes the line away, so that something else can be written; it comes back by itself. */
  clear(): void {
    if (!this.#isShown) return
    this.#isShown = false
    cursorTo(this.#stream, 0)
    clearLine(this.#stream, 0)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.clear()
  }

  #draw(): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`${this.#text()}\n`)
      return
    }
    this.clear()
    this.#stream.write(this.#text().slice(0, (this.#stream.columns || 80) - 1))
    this.#isShown = true
  }
}
