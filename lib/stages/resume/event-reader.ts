import { Readable } from 'readable-stream'
import type { FragmentEvent } from '../events.ts'

/** What an attempt may give: a stream of any make, or an async iterable. */
export type FragmentSource = NodeJS.ReadableStream | AsyncIterable<FragmentEvent>

/** Reads a stream by hand: at once while it has something, else by a promise. Async iteration would cost a promise for each frame. */
export class EventReader {
  readonly #stream: Readable
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(source: FragmentSource) {
    this.#stream = isStream(source) ? source : Readable.from(source)
    this.#stream.on('readable', this.#onChange)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('error', this.#onError)
    this.#stream.on('close', this.#onClose)
  }

  /** The next event; `undefined` when there is none yet, or no more. Throws the stream's error once all before it is read. */
  next(): FragmentEvent | undefined {
    const event: unknown = this.#stream.read()
    if (event !== null) return event as FragmentEvent
    if (this.#error !== undefined) throw this.#error
    return undefined
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when `next` is worth calling again. */
  async changed(): Promise<void> {
    if (this.#ended || this.#error !== undefined || this.#stream.readableLength > 0) return
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
  }

  /** Gives the stream up; its errors from now on concern nobody. */
  close(): void {
    this.#stream.off('readable', this.#onChange)
    this.#stream.destroy()
    this.#onEnd()
  }

  readonly #onChange = (): void => {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#onChange()
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= error
    this.#onChange()
  }

  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(new PrematureCloseError())
  }
}

class PrematureCloseError extends Error {
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE'

  constructor() {
    super('the stream of this attempt was closed before its end')
  }
}

function isStream(source: FragmentSource): source is Readable {
  return 'read' in source && typeof source.read === 'function' && 'on' in source
}
