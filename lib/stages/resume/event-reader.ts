import { Readable } from 'readable-stream'
import { describeValue } from '../../errors.ts'
import type { FragmentEvent } from '../events.ts'
import { PrematureCloseError } from './premature-close-error.ts'
import { toError } from './to-error.ts'

/** What an attempt may give: a stream of any make, or an async iterable. */
export type FragmentSource = NodeJS.ReadableStream | AsyncIterable<FragmentEvent>

/**
 * Reads a stream by hand: at once while it has something, else by a promise. Async iteration would cost a promise
 * for each frame. Throws a `TypeError` for what is neither a stream nor iterable.
 */
export class EventReader {
  readonly #stream: Readable
  #ended = false
  #error: Error | undefined
  /** Something happened since `next` last looked. */
  #isChanged = false
  #wake: (() => void) | undefined

  constructor(source: FragmentSource) {
    this.#stream = streamOf(source)
    this.#stream.on('error', this.#onError)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('close', this.#onClose)
    this.#stream.on('readable', this.#onChange)
    this.#catchUp()
  }

  /** The next event; `undefined` when there is none yet, or no more. Throws the stream's error once all before it is read. */
  next(): FragmentEvent | undefined {
    this.#isChanged = false
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
    if (this.#ended || this.#isChanged) return
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

  /** A stream that was over before it was handed here tells nothing more by itself. */
  #catchUp(): void {
    const { errored, readableEnded, destroyed } = this.#stream
    if (errored) this.#onError(errored)
    else if (readableEnded) this.#onEnd()
    else if (destroyed) this.#onClose()
  }

  readonly #onChange = (): void => {
    this.#isChanged = true
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#onChange()
  }

  readonly #onError = (error: unknown): void => {
    this.#error ??= toError(error)
    this.#onChange()
  }

  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(new PrematureCloseError('the stream of this attempt'))
  }
}

function streamOf(source: unknown): Readable {
  if (typeof source === 'object' && source !== null) {
    if ('read' in source && typeof source.read === 'function' && 'on' in source) return source as Readable
    if (Symbol.asyncIterator in source) return Readable.from(source as AsyncIterable<FragmentEvent>)
    if (Symbol.iterator in source) return Readable.from(source as Iterable<FragmentEvent>)
  }
  throw new TypeError(
    `\`attempt\` must give a stream or an async iterable of FragmentEvents; got ${describeValue(source)}`,
  )
}
