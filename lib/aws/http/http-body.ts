import type { ClientRequest, IncomingMessage } from 'node:http'
import { type ConnectionError, connectionErrorOf } from './connection-error.ts'

/** Who reads a body: `onEnd` or `onError` is the last call. */
export type BodyReader = {
  readonly onChunk: (chunk: Buffer) => void
  readonly onEnd: () => void
  readonly onError: (error: ConnectionError) => void
}

/**
 * A response's body, read straight from Node's message: each `Buffer` is handed on as it came from the socket, and
 * while the body is paused the socket is not read, so that the server waits. It starts paused.
 * What had arrived before a connection broke is handed on before the error.
 */
export class HttpBody {
  readonly #message: IncomingMessage
  readonly #closeRequest: () => void
  readonly #what: string
  #reader: BodyReader | undefined
  /** How the body ended before anyone read it: an empty one can. */
  #endedEarly: ((reader: BodyReader) => void) | undefined
  #over = false

  /** `closeRequest` closes the socket; `what` opens the error's message: "GetMedia: the answer of HOST". */
  constructor(request: ClientRequest, message: IncomingMessage, closeRequest: () => void, what: string) {
    this.#message = message
    this.#closeRequest = closeRequest
    this.#what = what
    const onBroken = (error?: unknown) => this.#broken(error ?? new Error('the connection was closed'))
    // Before got's listeners: got destroys the request, and that throws the message's buffer away.
    request.prependListener('error', onBroken)
    message.prependListener('error', onBroken)
    message.on('close', () => onBroken())
    message.on('end', () => this.#ended())
  }

  /** Whether the last byte, or an error, has come. */
  get isOver(): boolean {
    return this.#over
  }

  /** Starts reading, with `resume`. */
  read(reader: BodyReader): void {
    if (this.#endedEarly !== undefined) {
      this.#endedEarly(reader)
      return
    }
    assertNoOtherReader(this.#message)
    this.#reader = reader
    this.#message.on('data', reader.onChunk)
    this.#message.resume()
  }

  pause(): void {
    this.#message.pause()
  }

  resume(): void {
    this.#message.resume()
  }

  /** Closes the socket at once. The reader hears no more. */
  close(): void {
    this.#over = true
    this.#reader = undefined
    this.#endedEarly = undefined
    this.#closeRequest()
  }

  #ended(): void {
    // A body that is shorter than it said can end like a whole one; only `complete` tells.
    if (this.#message.complete) this.#finish(reader => reader.onEnd())
    else this.#broken(new Error('the connection was closed'))
  }

  #broken(cause: unknown): void {
    if (this.#over) return
    const left: unknown = this.#message.read()
    const error = connectionErrorOf(`${this.#what} was cut off before its end`, cause)
    this.#finish(reader => {
      if (left instanceof Buffer) reader.onChunk(left)
      reader.onError(error)
    })
  }

  #finish(tell: (reader: BodyReader) => void): void {
    if (this.#over) return
    this.#over = true
    this.#closeRequest()
    if (this.#reader === undefined) this.#endedEarly = tell
    else tell(this.#reader)
    this.#reader = undefined
  }
}

/**
 * Throws where somebody else reads the message: each would get a part of the bytes, or the body would flow before it is
 * wanted.
 */
export function assertNoOtherReader(message: IncomingMessage): void {
  for (const event of ['readable', 'data']) {
    const listeners = message.listenerCount(event)
    if (listeners === 0) continue
    throw new Error(
      `the response has ${listeners} "${event}" listener(s) beside getmedia's own, so bytes would be lost; ` +
        "install the version of got that getmedia's package.json names",
    )
  }
}

/** A short body: what came of it, and why it is not whole, if it is not. */
export type ShortBody = { readonly text: string; readonly error: Error | undefined }

/**
 * Reads a short body as text, up to `maxBytes`, then closes it. `stop` ends it before, with an error to tell; it
 * does nothing when the body is over.
 */
export function readShortBody(
  body: HttpBody,
  maxBytes: number,
): { readonly whole: Promise<ShortBody>; readonly stop: (error: Error) => void } {
  const chunks: Buffer[] = []
  let bytes = 0
  let finish: (error?: Error) => void = () => {}
  const whole = new Promise<ShortBody>(resolve => {
    finish = error => {
      body.close()
      resolve({ text: Buffer.concat(chunks, Math.min(bytes, maxBytes)).toString('utf8'), error })
    }
  })
  body.read({
    onChunk(chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= maxBytes) finish()
    },
    onEnd: () => finish(),
    onError: error => finish(error),
  })
  return { whole, stop: error => finish(error) }
}
