import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { resetConnection } from './tcp-sockets.ts'

/**
 * How a body ends: by its last chunk, by a TCP reset, by a closed connection, by the end of what is sent on the
 * connection in place of the last chunk, or never.
 */
export type BodyEnd = 'end' | 'reset' | 'cut' | 'no-last-chunk' | 'stall'

/** Thrown by `write` when nothing more can be written: the client is gone, or a planned break was reached. */
export class BodyOver extends Error {
  readonly by: 'client' | 'break'

  constructor(by: 'client' | 'break') {
    super(by === 'client' ? 'the client closed the connection' : 'the body broke off as planned')
    this.by = by
  }
}

/**
 * The body of one streaming response. `write` resolves when the client has taken so much that more may be sent, so a
 * client that does not read holds the sender back. A break may be planned at a byte; `onOver` tells once when the body
 * is over, before the client can see it.
 */
export class ResponseBody {
  readonly #response: ServerResponse
  readonly #socket: Socket | null
  readonly #gone = new AbortController()
  readonly #overListeners: (() => void)[] = []
  #break: { readonly atByte: number; readonly how: BodyEnd } | undefined
  #isOver = false
  #draining: Promise<void> | undefined
  #bytesWritten = 0
  readonly #onBytes: (bytesWritten: number) => void

  /** `onBytes` is told how many body bytes were written, each time that it changes. */
  constructor(response: ServerResponse, onBytes: (bytesWritten: number) => void) {
    this.#response = response
    this.#onBytes = onBytes
    this.#socket = response.socket
    response.once('close', () => {
      this.#gone.abort()
      this.#over()
    })
  }

  /** Body bytes that were written. */
  get bytesWritten(): number {
    return this.#bytesWritten
  }

  /** Fires when the connection is closed, by whomever. */
  get closed(): AbortSignal {
    return this.#gone.signal
  }

  /** Calls `listener` once, when the body is over: at once for a client that went, else just before the client sees it. */
  onOver(listener: () => void): void {
    if (this.#isOver) listener()
    else this.#overListeners.push(listener)
  }

  /** Plans to break off after that many body bytes; the earliest plan counts. */
  breakAt(atByte: number, how: BodyEnd): void {
    if (this.#break === undefined || atByte < this.#break.atByte) this.#break = { atByte, how }
  }

  /** @throws BodyOver when the client is gone or the planned break came. */
  async write(bytes: Uint8Array): Promise<void> {
    const untilBreak = (this.#break?.atByte ?? Number.POSITIVE_INFINITY) - this.#bytesWritten
    if (bytes.length < untilBreak) return this.#put(bytes)
    if (untilBreak > 0) await this.#put(bytes.subarray(0, untilBreak))
    await this.finish(this.#break!.how)
    throw new BodyOver('break')
  }

  /** Ends the body. For a stall it resolves when the client has gone. */
  async finish(how: BodyEnd): Promise<void> {
    if (this.closed.aborted) return
    if (how === 'stall') return this.#whenClosed()
    await this.#flush()
    this.#over()
    if (how === 'end') this.#response.end()
    else if (how === 'cut') this.#socket?.destroySoon()
    else if (how === 'no-last-chunk') this.#socket?.end()
    else if (this.#socket !== null) resetConnection(this.#socket)
    await this.#whenFinished()
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (this.closed.aborted) throw new BodyOver('client')
    this.#bytesWritten += bytes.length
    this.#onBytes(this.#bytesWritten)
    if (bytes.length === 0 || this.#response.write(bytes)) return
    await this.#untilDrained()
    if (this.closed.aborted) throw new BodyOver('client')
  }

  /** One wait for all that are written meanwhile. */
  #untilDrained(): Promise<void> {
    this.#draining ??= new Promise<void>(resolve => {
      const settle = () => {
        this.#response.off('drain', settle)
        this.closed.removeEventListener('abort', settle)
        this.#draining = undefined
        resolve()
      }
      this.#response.once('drain', settle)
      this.closed.addEventListener('abort', settle, { once: true })
    })
    return this.#draining
  }

  /** Resolves when all that was written is with the kernel, so that a break comes after the last byte and not before. */
  #flush(): Promise<void> {
    return new Promise(resolve => {
      if (this.#socket === null || this.#socket.destroyed) return resolve()
      // The response hands what it has corked to the socket on the next tick, and the callback runs after that.
      setImmediate(() => this.#socket?.write('', () => resolve()))
      this.closed.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #whenClosed(): Promise<void> {
    return new Promise(resolve => {
      if (this.closed.aborted) resolve()
      else this.closed.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #whenFinished(): Promise<void> {
    return new Promise(resolve => {
      if (this.#response.writableFinished || this.closed.aborted) return resolve()
      this.#response.once('finish', () => resolve())
      this.closed.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const listener of this.#overListeners) listener()
  }
}
