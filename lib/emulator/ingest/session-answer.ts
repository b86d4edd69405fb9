import type { IncomingMessage } from 'node:http'
import type { FaultEffect } from '../faults/fault-effect.ts'
import type { ConnectionSlot } from '../limits/connection-slots.ts'
import type { Service } from '../operations/operation.ts'
import type { RequestRecord } from '../server/request-log.ts'
import { BodyOver, type ResponseBody } from '../server/response-body.ts'
import { tooManySessions } from '../server/service-exception.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { IncomingChunks } from './incoming-chunks.ts'
import type { ProducerHeaders } from './producer-headers.ts'
import { PutMediaSession } from './put-media-session.ts'

/** The longest delay that `setTimeout` accepts: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

export type SessionAnswerOptions = {
  readonly stream: MediaStream
  readonly headers: ProducerHeaders
  readonly service: Service
  readonly record: RequestRecord
  /** The effect of a fault on the session. */
  readonly fault: FaultEffect
}

/**
 * The response to one PutMedia request whose headers are right. It begins with the first byte of media, and takes the
 * stream's slot then, so that a producer may open its next connection before the one before is through.
 */
export class SessionAnswer {
  readonly contentType = 'application/json'
  readonly #stream: MediaStream
  readonly #headers: ProducerHeaders
  readonly #service: Service
  readonly #record: RequestRecord
  readonly #fault: FaultEffect
  #chunks: IncomingChunks | undefined
  #slot: ConnectionSlot | undefined

  constructor({ stream, headers, service, record, fault }: SessionAnswerOptions) {
    this.#stream = stream
    this.#headers = headers
    this.#service = service
    this.#record = record
    this.#fault = fault
  }

  /**
   * Waits for media, and for a slot where the session before still holds it. A body that ends or is silent before any
   * media needs none.
   *
   * @throws ServiceException where the stream was deleted meanwhile, or no slot was free in time
   */
  async beforeHead(request: IncomingMessage, closed: AbortSignal): Promise<void> {
    const { connections, settings } = this.#service
    const chunks = new IncomingChunks(request, settings.clock)
    this.#chunks = chunks
    const first = await this.#firstMedia(chunks)
    if (first === 'lost') {
      this.#record.endedBy = 'client'
      throw new BodyOver('client')
    }
    if (typeof first === 'string') {
      this.#record.endedBy = first === 'end' ? 'complete' : 'idle'
      return
    }
    const wait = { patienceMs: settings.putHandoverMs, clock: settings.clock, signal: closed }
    this.#slot = await connections.takeWithin('putMediaSessions', this.#stream, wait)
    if (this.#slot === undefined) throw tooManySessions('PutMedia', this.#stream.name)
  }

  async #firstMedia(chunks: IncomingChunks): Promise<Uint8Array | 'end' | 'lost' | 'nothing'> {
    const { deleted } = this.#stream
    const { region } = this.#record
    deleted.addEventListener('abort', chunks.interrupt)
    const first = await chunks.peek(Math.min(this.#service.settings.putIdleEndMs, MAX_TIMER_MS))
    deleted.removeEventListener('abort', chunks.interrupt)
    // Throws what a request for a stream that is not there gets.
    if (deleted.aborted) this.#service.streams.resolve({ StreamARN: this.#stream.arnIn(region) }, region)
    return first
  }

  async send(body: ResponseBody, request: IncomingMessage): Promise<void> {
    const slot = this.#slot
    const chunks = this.#chunks
    if (slot === undefined || chunks === undefined) {
      chunks?.discard()
      await body.finish('end')
      // A silent producer is not waited for any longer.
      if (!request.complete) request.socket.destroySoon()
      return
    }
    const { settings, connections } = this.#service
    const takeSlot = () => connections.take('putMediaSessions', this.#stream)
    const session = new PutMediaSession({
      ...{ stream: this.#stream, headers: this.#headers, settings },
      ...{ request, chunks, body, slot, takeSlot, fault: this.#fault },
    })
    this.#record.endedBy = await session.run()
  }
}
