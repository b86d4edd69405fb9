import { Readable } from 'readable-stream'
import { describeValue } from '../../core/errors.ts'
import { toError } from '../../retry/to-error.ts'
import { PrematureCloseError } from '../../streams/premature-close-error.ts'
import type { FragmentEvent } from '../events.ts'
import type { EventSink } from './notices.ts'

/** What an attempt may give: a stream of any make, or an async iterable. */
export type FragmentSource = NodeJS.ReadableStream | AsyncIterable<FragmentEvent>

/**
 * Reads a stream as it flows: an event is with the sink in the moment when the stream has it. Async iteration would
 * cost a promise for each, and reading by hand a pass through the stream's buffer.
 */
export class EventReader {
  readonly #stream: Readable
  readonly #sink: EventSink
  #error: Error | undefined
  #isOver = false
  /** The sink has no room. */
  #isHeldBack = false
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined

  /** Throws a `TypeError` for what is neither a stream nor iterable. */
  constructor(source: FragmentSource, sink: EventSink) {
    this.#stream = streamOf(source)
    this.#sink = sink
    this.#stream.on('error', this.#onError)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('close', this.#onClose)
    this.#catchUp()
  }

  /** Resolves at the stream's end. Rejects with its error once all before it is read, and with what the sink throws. */
  read(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      if (this.#isOver) resolve()
      else if (this.#error !== undefined) this.#readRest(this.#error)
      else this.#stream.on('data', this.#onData).resume()
    })
  }

  /** Gives the stream up; its errors from now on concern nobody. */
  close(): void {
    this.#onEnd()
    this.#stream.destroy()
  }

  /** A stream that was over before it was handed here tells nothing more by itself. */
  #catchUp(): void {
    const { errored, readableEnded, destroyed } = this.#stream
    if (errored) this.#onError(errored)
    else if (readableEnded) this.#onEnd()
    else if (destroyed) this.#onClose()
  }

  readonly #onData = (event: FragmentEvent): void => {
    if (this.#isOver || this.#take(event)) return
    this.#stream.pause()
    this.#waitForRoom()
  }

  /** False where the sink has no room for more. */
  #take(event: FragmentEvent): boolean {
    try {
      return this.#sink.take(event)
    } catch (error) {
      this.#fail(error)
      return true
    }
  }

  #waitForRoom(): void {
    this.#isHeldBack = true
    this.#sink.room().then(this.#goOn, this.#fail)
  }

  readonly #goOn = (): void => {
    this.#isHeldBack = false
    if (this.#isOver) return
    if (this.#error === undefined) this.#stream.resume()
    else this.#readRest(this.#error)
  }

  /** A stream that has failed does not flow any more, and may still hold events. */
  #readRest(error: Error): void {
    this.#stream.off('data', this.#onData)
    while (!this.#isOver) {
      const event: unknown = this.#stream.read()
      if (event === null) this.#fail(error)
      else if (!this.#take(event as FragmentEvent)) {
        this.#waitForRoom()
        return
      }
    }
  }

  readonly #onEnd = (): void => {
    this.#isOver = true
    this.#settle?.resolve()
  }

  readonly #fail = (error: unknown): void => {
    this.#isOver = true
    this.#settle?.reject(error)
  }

  readonly #onError = (thrown: unknown): void => {
    if (this.#error !== undefined || this.#isOver) return
    this.#error = toError(thrown)
    if (this.#settle !== undefined && !this.#isHeldBack) this.#readRest(this.#error)
  }

  readonly #onClose = (): void => this.#onError(new PrematureCloseError('the stream of this attempt'))
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
