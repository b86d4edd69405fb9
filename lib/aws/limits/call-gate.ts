import { type Clock, systemClock } from '../../core/clock.ts'
import type { StreamKey } from '../operations/stream-id.ts'
import { CallRate, type CallTicket } from './call-rate.ts'
import { SessionSlots } from './session-slots.ts'
import type { QueueOptions } from './waiting-event.ts'

/** Calls a second of each operation for each stream. GetMedia page: "up to five times per second per stream". */
export const MAX_CALLS_PER_SECOND = 5
/** Sessions at once for each stream, by the service's quotas page. */
export const MAX_SESSIONS = 3
/** A second as the service counts it, and a margin for its clock. */
const WINDOW_MS = 1_100

/** A place among the sessions of a stream, until it is released. */
export type Permit = {
  /** Gives the place to the next who waits. Calling it again does nothing. */
  release(): void
}

/**
 * The gate before the service's calls, one for the whole process: at most 5 GetMedia calls in any second, 3 open
 * GetMedia sessions, 5 PutMedia and 5 GetDataEndpoint calls in any second, for each stream. Who comes too early waits, first come first
 * served, hears of its position, and can be aborted by a signal: then it rejects with `AbortError`, or with the
 * `AdmissionTimeoutError` that fired the signal; its place is free, and no timer and no listener is left.
 */
export class CallGate {
  readonly #sessions = new SessionSlots(MAX_SESSIONS)
  readonly #getMedia: CallRate
  readonly #putMedia: CallRate
  readonly #getDataEndpoint: CallRate

  constructor(clock: Clock = systemClock) {
    this.#getMedia = new CallRate(clock, 'GetMedia', MAX_CALLS_PER_SECOND, WINDOW_MS)
    this.#putMedia = new CallRate(clock, 'PutMedia', MAX_CALLS_PER_SECOND, WINDOW_MS)
    this.#getDataEndpoint = new CallRate(clock, 'GetDataEndpoint', MAX_CALLS_PER_SECOND, WINDOW_MS)
  }

  /** Streams in mind; for the proof that none is kept for ever. */
  get size(): number {
    return this.#sessions.size + this.#getMedia.size + this.#putMedia.size + this.#getDataEndpoint.size
  }

  /**
   * One session and one call, for callers that make the call at once and cannot say when its answer came, such as
   * users of the official SDK.
   */
  async acquireSession(key: StreamKey, options: QueueOptions = {}): Promise<Permit> {
    const permit = await this.holdSession(key, options)
    try {
      const call = await this.takeGetMediaCall(key, options)
      call.answered()
      return permit
    } catch (error) {
      permit.release()
      throw error
    }
  }

  /** A session only; its call comes later, by `takeGetMediaCall`. */
  async holdSession(key: StreamKey, options: QueueOptions = {}): Promise<Permit> {
    const release = await this.#sessions.hold({ ...key }, options)
    return { release }
  }

  /** One GetMedia call, to be sent as soon as this resolves. */
  takeGetMediaCall(key: StreamKey, options: QueueOptions = {}): Promise<CallTicket> {
    return this.#getMedia.take(key, options)
  }

  /** One PutMedia call, to be sent as soon as this resolves. */
  takePutMediaCall(key: StreamKey, options: QueueOptions = {}): Promise<CallTicket> {
    return this.#putMedia.take(key, options)
  }

  /** One GetDataEndpoint call, to be sent as soon as this resolves. */
  takeGetDataEndpointCall(key: StreamKey, options: QueueOptions = {}): Promise<CallTicket> {
    return this.#getDataEndpoint.take(key, options)
  }
}

// Two copies of this package in one process share one gate. The number changes when the methods above do.
const GATE = Symbol.for('getmedia.call-gate.3')

/** The process's own gate, which all stages use. It runs on the real clock, as the service does. */
export function processGate(): CallGate {
  const holder: typeof globalThis & { [GATE]?: CallGate } = globalThis
  holder[GATE] ??= new CallGate()
  return holder[GATE]
}
