import type { IncomingMessage } from 'node:http'
import { type Clock, sleep } from '../../core/clock.ts'
import { AckDelays } from '../faults/ack-delays.ts'
import type { FaultEffect } from '../faults/fault-effect.ts'
import { PlannedBreak, PlannedErrorAck, UploadFault } from '../faults/upload-fault.ts'
import type { ConnectionSlot } from '../limits/connection-slots.ts'
import { Pacer } from '../limits/pacer.ts'
import type { BodyEnd, ResponseBody } from '../server/response-body.ts'
import type { Settings } from '../settings.ts'
import type { MediaFragment } from '../streams/fragment.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { PutMediaError } from './error-codes.ts'
import { FragmentIntake } from './fragment-intake.ts'
import { FragmentReader } from './fragment-reader.ts'
import type { IncomingChunks } from './incoming-chunks.ts'
import type { ProducerHeaders } from './producer-headers.ts'

/**
 * Why a PutMedia session ended: its body ended, its connection was lost, it was silent, an error, a planned fault, or it
 * sent more after its slot went to the next session.
 */
export type PutMediaEnd = 'complete' | 'client' | 'idle' | 'put-error' | 'fault' | 'superseded'

/** How much of the time lost to a late timer is made up for. */
const BYTES_BURST_MS = 50
/** A producer that was held up may send a second's fragments at once. */
const FRAGMENTS_BURST_MS = 1000
/** What `setTimeout` takes: 24 days. Patience without end comes to that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** How long a connection is still read, and nothing kept, so that its client gets to read the last acknowledgement. */
const LINGER_MS = 1000

/** What a session works with. */
export type PutMediaSessionOptions = {
  readonly stream: MediaStream
  readonly headers: ProducerHeaders
  readonly request: IncomingMessage
  readonly chunks: IncomingChunks
  /** The session's slot, and how to get another one after it was yielded. */
  readonly slot: ConnectionSlot
  readonly takeSlot: () => ConnectionSlot | undefined
  readonly body: ResponseBody
  readonly settings: Settings
  /** The effect of a fault on it. @default none */
  readonly fault?: FaultEffect
}

/**
 * One PutMedia request: reads the producer's MKV as it comes, stores each fragment when it is whole, and acknowledges
 * on the response while the upload goes on. The upload is held to the limits of a session, to the pace of the disk and
 * to the client's reading of acknowledgements by not being read. Every error ends the session: the fragment that is
 * under way is dropped, those before it stay.
 */
export class PutMediaSession {
  readonly #stream: MediaStream
  readonly #body: ResponseBody
  readonly #request: IncomingMessage
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #chunks: IncomingChunks
  readonly #reader: FragmentReader
  readonly #acks: Acknowledgements
  readonly #intake: FragmentIntake
  readonly #bytePacer: Pacer
  readonly #fragmentPacer: Pacer
  readonly #expiresMs: number
  readonly #fault: UploadFault
  #endsBy: BodyEnd = 'end'
  #slot: ConnectionSlot
  readonly #takeSlot: () => ConnectionSlot | undefined

  constructor(options: PutMediaSessionOptions) {
    const { stream, headers, request, chunks, slot, takeSlot, body, settings, fault = {} } = options
    const { clock, limits } = settings
    this.#stream = stream
    this.#body = body
    this.#request = request
    this.#settings = settings
    this.#clock = clock
    this.#chunks = chunks
    this.#slot = slot
    this.#takeSlot = takeSlot
    this.#reader = new FragmentReader(settings.fragmentLimits, settings.fragmentOrder, settings.headerTags)
    this.#fault = new UploadFault(fault)
    this.#acks = new Acknowledgements(body, headers.areAcknowledged, new AckDelays(fault.lateAcks), clock)
    this.#intake = new FragmentIntake(stream, headers, this.#acks, clock)
    this.#bytePacer = new Pacer(
      this.#fault.bytesPerSecond ?? limits.putMediaBytesPerSecond,
      BYTES_BURST_MS,
      clock,
    )
    this.#fragmentPacer = new Pacer(limits.putMediaFragmentsPerSecond, FRAGMENTS_BURST_MS, clock)
    this.#expiresMs = clock.now() + settings.putSessionLifetimeMs
  }

  /** Takes what comes until the session is over, releases its slot, ends the response, and says why. */
  async run(): Promise<PutMediaEnd> {
    this.#stream.startSession()
    this.#stream.deleted.addEventListener('abort', this.#chunks.interrupt)
    const end = await this.#takeAll()
    this.#stream.deleted.removeEventListener('abort', this.#chunks.interrupt)
    if (this.#endsBy === 'end' || this.#endsBy === 'no-last-chunk') this.#linger()
    await this.#body.finish(this.#endsBy)
    return end
  }

  async #takeAll(): Promise<PutMediaEnd> {
    let end: PutMediaEnd | undefined
    try {
      end = await this.#take()
    } catch (error) {
      end = this.#tellError(error)
    }
    // No more media comes: the next session need not wait for this one's acknowledgements.
    this.#slot.release()
    try {
      // What is on its way to the disk is still acknowledged.
      await this.#intake.settled()
    } catch (error) {
      if (end !== 'put-error') end = this.#tellError(error)
    }
    await this.#acks.whenLateAreSent()
    return end
  }

  async #take(): Promise<PutMediaEnd> {
    for (;;) {
      this.#fault.checkBreak()
      const incoming = await this.#nextIncoming()
      if (typeof incoming === 'string') {
        this.#endOfBody(incoming === 'client')
        return incoming
      }
      if (!this.#holdsSlot()) return 'superseded'
      await this.#pause(this.#bytePacer.spend(incoming.length))
      this.#reader.push(this.#fault.cut(incoming))
      await this.#handleEvents()
      this.#slot.canYield = this.#reader.isBetweenFragments
      await this.#acks.taken
      await this.#intake.hasRoom()
    }
  }

  async #handleEvents(): Promise<void> {
    for (let event = this.#reader.next(); event !== undefined; event = this.#reader.next()) {
      if (event.type === 'fragment') this.#finish(event.media)
      else {
        await this.#pause(this.#fragmentPacer.reserve(1))
        this.#intake.begin(event.timecode, event.timestampMs)
        this.#fault.begin(this.#intake.current)
      }
    }
  }

  /** Whether more media may come: after its slot was yielded, the session needs one again. */
  #holdsSlot(): boolean {
    if (!this.#slot.isHeld) this.#slot = this.#takeSlot() ?? this.#slot
    this.#slot.canYield = false
    return this.#slot.isHeld
  }

  #endOfBody(isLost: boolean): void {
    const last = this.#reader.end(isLost)
    if (last?.type === 'fragment') this.#finish(last.media)
  }

  #finish(media: MediaFragment): void {
    this.#fault.finish(this.#intake.current, () => this.#intake.finish(media))
  }

  /** The next bytes, or why there are none; tells IDLE while it waits. */
  async #nextIncoming(): Promise<Uint8Array | 'complete' | 'client' | 'idle'> {
    const { putIdleAckMs, putIdleEndMs } = this.#settings
    const sinceMs = this.#clock.now()
    for (let idles = 1; ; ) {
      this.#checkSession()
      const silentMs = this.#clock.now() - sinceMs
      if (silentMs >= putIdleEndMs) return 'idle'
      if (silentMs >= idles * putIdleAckMs) {
        this.#acks.tellIdle(this.#intake.current)
        idles++
      }
      const untilIdleMs = Math.min(idles * putIdleAckMs, putIdleEndMs) - silentMs
      const untilExpiryMs = this.#expiresMs - this.#clock.now()
      const incoming = await this.#chunks.next(Math.min(untilIdleMs, untilExpiryMs, LONGEST_TIMER_MS))
      if (incoming === 'end') return 'complete'
      if (incoming === 'lost') return 'client'
      if (incoming !== 'nothing') return incoming
    }
  }

  #checkSession(): void {
    if (this.#stream.deleted.aborted) {
      throw new PutMediaError('STREAM_DELETED', 'the stream was deleted')
    }
    if (this.#clock.now() >= this.#expiresMs) {
      throw new PutMediaError('MAX_CONNECTION_DURATION_REACHED', 'the session has lasted its time')
    }
  }

  async #pause(delayMs: number): Promise<void> {
    // A client that went is noticed where its upload is read.
    if (delayMs > 0) await sleep(delayMs, this.#clock, this.#body.closed).catch(() => {})
  }

  #tellError(error: unknown): PutMediaEnd {
    if (error instanceof PlannedBreak) {
      this.#endsBy = error.how
      return 'fault'
    }
    if (error instanceof PlannedErrorAck) {
      this.#acks.tellPlannedError(error.error, error.fragment)
      return 'put-error'
    }
    const code = error instanceof PutMediaError ? error.errorCode : 'INTERNAL_ERROR'
    this.#acks.tellError(code, this.#intake.current)
    return 'put-error'
  }

  /** A connection that is closed with bytes unread is reset, and its client may lose what it was told last. */
  #linger(): void {
    this.#chunks.discard()
    const { socket } = this.#request
    if (this.#request.complete || socket.destroyed) return
    const cancel = this.#clock.after(LINGER_MS, () => socket.destroy())
    this.#request.once('end', cancel)
    socket.once('close', cancel)
  }
}
