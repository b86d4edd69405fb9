import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import got from 'got'
import type { Clock } from '../../core/clock.ts'
import { AbortError } from '../../core/errors.ts'
import type { SignedRequest } from '../auth/signing.ts'
import { connectionErrorOf, type TimeoutCode, TimeoutError } from './connection-error.ts'
import { assertNoOtherReader, HttpBody } from './http-body.ts'
import type { AnswerHeaders } from './service-answer.ts'

/** The one place that talks HTTP. */

/** A response's head, and its body to read. Any status is an answer; only the network makes errors here. */
export type HttpAnswer = {
  readonly statusCode: number
  readonly headers: AnswerHeaders
  readonly body: HttpBody
}

export type PostOptions = {
  /** Such as `GetMedia`: opens the messages. */
  readonly operation: string
  /** From the start until the connection stands, name and TLS included. */
  readonly connectTimeoutMs: number
  /** From then until the response's head. */
  readonly responseTimeoutMs: number
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

// A connection for each call. A session's lasts up to 45 minutes, so that reuse would save little, and a kept one
// that the server has just closed would fail a call that is fine. TLS sessions are resumed by the agent.
const agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) }

const GOT_OPTIONS = {
  agent: agents,
  retry: { limit: 0 },
  followRedirect: false,
  decompress: false,
  throwHttpErrors: false,
  // It would count the bytes that got itself has read: none.
  strictContentLength: false,
}

/**
 * Sends a signed request. Resolves at the response's head, with the body paused; rejects with `ConnectionError`,
 * `TimeoutError`, or `AbortError` when `signal` fires before that. No retry, no redirect, no decompression: each
 * would break the signature's promise or count a call that nobody asked for. A streamed body flows from the moment
 * when the connection stands, as fast as the socket takes it, and goes on under the answer; it is destroyed with the
 * connection.
 */
export async function post(request: SignedRequest, options: PostOptions): Promise<HttpAnswer> {
  const { operation, signal } = options
  if (signal?.aborted) throw new AbortError(operation, signal.reason)
  const stream = got.stream.post(request.url, {
    ...GOT_OPTIONS,
    headers: {
      ...request.headers,
      // Not signed: it concerns the connection, and a proxy may change it.
      ...(typeof request.body === 'string' ? {} : { 'transfer-encoding': 'chunked' }),
      'user-agent': `getmedia (node ${process.version})`,
    },
    body: request.body,
  })
  const { host } = new URL(request.url)
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const deadline = new Deadline(options, host, error => fail(error))
    const onAbort = () => fail(new AbortError(operation, signal?.reason))
    const settle = () => {
      deadline.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error) => {
      settle()
      stream.destroy()
      reject(error)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    let sent: ClientRequest
    stream.on('request', (clientRequest: ClientRequest) => {
      sent = clientRequest
      deadline.watch(clientRequest)
      // The head would wait for the body's first bytes, which may take their time.
      if (typeof request.body !== 'string') clientRequest.flushHeaders()
    })
    // It stays for the body's time, when it has nothing to do: `HttpBody` tells first what breaks there.
    stream.on('error', (error: unknown) =>
      fail(connectionErrorOf(`${operation}: the connection to ${host} failed`, error)),
    )
    stream.on('response', message => {
      settle()
      try {
        takeOver(message)
      } catch (error) {
        fail(error as Error)
        return
      }
      const body = new HttpBody(sent, message, () => stream.destroy(), `${operation}: the answer of ${host}`)
      resolve({ statusCode: message.statusCode ?? 0, headers: message.headers, body })
    })
  })
}

/**
 * Got moves a body through a stream of its own, which joins waiting chunks by copying them. Without its listener the
 * message is ours to read. This is not part of got's interface, so package.json pins its version.
 */
function takeOver(message: IncomingMessage): void {
  message.removeAllListeners('readable')
  assertNoOtherReader(message)
}

/** First the limit for connecting, then the one for the answer. On our clock: got's limits take the real one. */
class Deadline {
  readonly #options: PostOptions
  readonly #host: string
  readonly #onTimeout: (error: TimeoutError) => void
  #cancelTimer: () => void
  #isOver = false

  constructor(options: PostOptions, host: string, onTimeout: (error: TimeoutError) => void) {
    this.#options = options
    this.#host = host
    this.#onTimeout = onTimeout
    this.#cancelTimer = this.#start('ERR_CONNECT_TIMEOUT', 'no connection to', options.connectTimeoutMs)
  }

  watch(request: ClientRequest): void {
    request.once('socket', socket => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#connected())
    })
  }

  cancel(): void {
    this.#isOver = true
    this.#cancelTimer()
  }

  #connected(): void {
    if (this.#isOver) return
    this.#cancelTimer()
    this.#cancelTimer = this.#start('ERR_RESPONSE_TIMEOUT', 'no answer from', this.#options.responseTimeoutMs)
  }

  #start(code: TimeoutCode, what: string, timeoutMs: number): () => void {
    const message = `${this.#options.operation}: ${what} ${this.#host} within ${timeoutMs} ms; connect again`
    return this.#options.clock.after(timeoutMs, () =>
      this.#onTimeout(new TimeoutError(code, message, timeoutMs)),
    )
  }
}
