import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ByteQueue } from '../../lib/matroska/ebml/byte-queue.ts'
import { EbmlReader } from '../../lib/matroska/ebml/ebml-reader.ts'
import { readUint } from '../../lib/matroska/ebml/values.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { sendServiceError } from './http-server.ts'

/**
 * A PutMedia service on loopback that does as it is told: each session has a plan for what goes wrong in it,
 * and without one it acknowledges and keeps everything.
 */

/** One fragment as a session received it. */
export type ServerFragment = {
  /** In its session, from 0. */
  readonly index: number
  readonly number: string
  readonly timecodeMs: number
  bytes: Buffer
}

/** What has just happened in a session; `end` is the body's. */
export type Moment =
  | { readonly kind: 'begin' | 'whole'; readonly fragment: ServerFragment }
  | { readonly kind: 'end'; readonly fragment?: undefined }

export type SessionPlan = {
  /** Answers with this error in place of 200. */
  readonly refuse?: readonly [statusCode: number, name: string]
  /** Destroys the connection before the answer's head. */
  readonly hangUp?: boolean
  /** Takes so many bytes of the body, then destroys the connection, or ends the answer. */
  readonly resetAtByte?: number
  readonly endAtByte?: number
  /** Takes no bytes of the body. */
  readonly takesNothing?: boolean
  /** Says nothing, and never ends the answer. */
  readonly saysNothing?: boolean
  /** Does something of its own at a moment, in place of the usual where it gives true. */
  readonly at?: ((moment: Moment, session: ServerSession) => boolean | undefined) | undefined
}

export type PutMediaServer = {
  readonly url: string
  readonly sessions: ServerSession[]
  /** What is kept, in its order, over all sessions. */
  readonly persisted: ServerFragment[]
  /** APIName of each GetDataEndpoint. */
  readonly endpointCalls: string[]
  readonly openSockets: number
  /** Resolves when no connection is open. */
  allClosed(): Promise<void>
}

/** Runs `use` against a server whose n-th session follows the n-th plan, and later ones the usual. */
export async function withPutMediaServer<T>(
  plans: readonly SessionPlan[],
  use: (server: PutMediaServer) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  const sessions: ServerSession[] = []
  const persisted: ServerFragment[] = []
  const endpointCalls: string[] = []
  const http = createServer((request, response) => {
    response.on('error', () => {})
    request.on('error', () => {})
    if (request.url === '/getDataEndpoint') return void answerEndpoint(request, response, endpointCalls)
    sessions.push(
      new ServerSession(request, response, plans[sessions.length] ?? {}, persisted, sessions.length),
    )
  })
  http.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve()
    })
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  try {
    return await use({
      url: `http://127.0.0.1:${port}`,
      sessions,
      persisted,
      endpointCalls,
      get openSockets() {
        return sockets.size
      },
      allClosed: () => new Promise(resolve => (sockets.size === 0 ? resolve() : waiting.push(resolve))),
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => http.close(resolve))
  }
}

async function answerEndpoint(
  request: IncomingMessage,
  response: ServerResponse,
  calls: string[],
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  calls.push((JSON.parse(Buffer.concat(chunks).toString()) as { APIName: string }).APIName)
  response.end(JSON.stringify({ DataEndpoint: `http://${request.headers.host}` }))
}

/** One PutMedia request, as the server sees it. */
export class ServerSession {
  readonly headers: IncomingMessage['headers']
  /** Fragments that were begun. */
  readonly fragments: ServerFragment[] = []
  /** All that stood before the first one. */
  header: Buffer = Buffer.alloc(0)
  bytes = 0
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #plan: SessionPlan
  readonly #persisted: ServerFragment[]
  readonly #number: number
  readonly #splitter = new BodySplitter()
  #isOver = false
  #hasFailed = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    plan: SessionPlan,
    persisted: ServerFragment[],
    number: number,
  ) {
    this.headers = request.headers
    this.#response = response
    this.#socket = request.socket
    this.#plan = plan
    this.#persisted = persisted
    this.#number = number
    if (plan.hangUp) this.reset()
    else if (plan.refuse !== undefined) sendServiceError(response, ...plan.refuse, 'refused by plan')
    else this.#accept(request)
  }

  /** Sends an acknowledgement. Behind an ERROR it takes no more fragments. */
  say(type: string, fragment?: ServerFragment, more: object = {}): void {
    const about =
      fragment === undefined
        ? {}
        : { FragmentTimecode: Math.floor(fragment.timecodeMs), FragmentNumber: fragment.number }
    this.#hasFailed ||= type === 'ERROR'
    this.write(`${JSON.stringify({ EventType: type, ...about, ...more })}\n`)
  }

  /** Sends any text. */
  write(text: string): void {
    if (!this.#plan.saysNothing && !this.#isOver) this.#response.write(text)
  }

  keep(fragment: ServerFragment): void {
    this.#persisted.push(fragment)
  }

  reset(): void {
    this.#isOver = true
    this.#socket.resetAndDestroy()
  }

  endAnswer(): void {
    if (this.#isOver || this.#plan.saysNothing) return
    this.#isOver = true
    this.#response.end()
  }

  #accept(request: IncomingMessage): void {
    this.#response.writeHead(200, {
      'content-type': 'application/json',
      'x-amzn-requestid': `put-${this.#number}`,
      connection: 'close',
    })
    this.#response.flushHeaders()
    if (this.#plan.takesNothing) return
    request.on('data', (chunk: Buffer) => this.#take(chunk))
    request.on('end', () => this.#ended())
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return
    const { resetAtByte, endAtByte } = this.#plan
    const left = Math.min(resetAtByte ?? Infinity, endAtByte ?? Infinity) - this.bytes
    const taken = chunk.subarray(0, left)
    this.bytes += taken.length
    for (const event of this.#splitter.push(taken)) this.#handle(event)
    if (chunk.length < left) return
    if (resetAtByte === undefined) this.endAnswer()
    else this.reset()
  }

  #ended(): void {
    const last = this.#splitter.end()
    if (last !== undefined) this.#handle(last)
    if (this.#plan.at?.({ kind: 'end' }, this) !== true) this.endAnswer()
  }

  #handle(event: BodyEvent): void {
    if (this.#isOver || this.#hasFailed) return
    if (event.kind === 'header') {
      this.header = event.bytes
      return
    }
    if (event.kind === 'begin') {
      const index = this.fragments.length
      const number = String(10_000 * (this.#number + 1) + index)
      const fragment = { index, number, timecodeMs: event.timecodeMs, bytes: Buffer.alloc(0) }
      this.fragments.push(fragment)
      if (this.#plan.at?.({ kind: 'begin', fragment }, this) !== true) this.say('BUFFERING', fragment)
      return
    }
    const fragment = this.fragments.at(-1)!
    fragment.bytes = event.bytes
    if (this.#plan.at?.({ kind: 'whole', fragment }, this) === true) return
    this.say('RECEIVED', fragment)
    this.keep(fragment)
    this.say('PERSISTED', fragment)
  }
}

type BodyEvent =
  | { readonly kind: 'header' | 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'begin'; readonly timecodeMs: number }

/** Cuts a body where a Cluster begins, and nowhere else. */
class BodySplitter {
  readonly #ebml = new EbmlReader({
    wants: ({ id }) => id === ID.Segment || id === ID.Cluster || id === ID.Timestamp,
    maxFrameBytes: 0,
    maxMetadataBytes: 8,
  })
  readonly #raw = new ByteQueue()
  #offset = 0
  #isInFragment = false;

  *push(chunk: Buffer): Generator<BodyEvent> {
    this.#raw.push(chunk)
    this.#ebml.push(chunk)
    for (let event = this.#ebml.next(); event !== undefined; event = this.#ebml.next()) {
      if (event.kind === 'open' && event.definition.id === ID.Cluster) {
        const kind = this.#isInFragment ? 'whole' : 'header'
        this.#isInFragment = true
        yield { kind, bytes: this.#take(event.byteOffset) }
      } else if (event.kind === 'data') yield { kind: 'begin', timecodeMs: readUint(event.bytes)! }
    }
  }

  end(): BodyEvent | undefined {
    return this.#isInFragment
      ? { kind: 'whole', bytes: this.#take(this.#offset + this.#raw.length) }
      : undefined
  }

  #take(endOffset: number): Buffer {
    const bytes = Buffer.from(this.#raw.take(endOffset - this.#offset))
    this.#offset = endOffset
    return bytes
  }
}
