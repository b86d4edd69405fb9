import type { Clock } from '../../core/clock.ts'
import { ServiceError } from '../errors/service-error.ts'
import { abortErrorOf, throwIfAborted } from '../limits/wait-line.ts'
import type { QueueOptions, WaitingEvent } from '../limits/waiting-event.ts'

/** How long an endpoint serves, at most: the streaming token behind it lasts about so long (quotas page). */
export const ENDPOINT_MAX_AGE_MS = 45 * 60_000

type Flight = {
  readonly answer: Promise<string>
  readonly cancel: AbortController
  readonly callers: Set<QueueOptions>
  /** Where the question stands in its queue; `undefined` while it waits in none. */
  readonly place: Place
}
type Place = { event: WaitingEvent | undefined }
/** Of the one question that all callers share. */
export type QuestionOptions = QueueOptions & { readonly signal: AbortSignal }
type Entry = { readonly endpoint: string; readonly clock: Clock; readonly untilMs: number }

/**
 * The endpoints of streams, as GetDataEndpoint gave them: kept for 45 minutes at most, and asked for once however
 * many callers come at the same time; each hears where the question waits. A caller that is aborted leaves the others' question alone; when the last one
 * has left, the question is dropped.
 */
export class DataEndpointCache {
  /** In the order of their age. */
  readonly #entries = new Map<string, Entry>()
  readonly #flights = new Map<string, Flight>()

  /** Endpoints that are kept. */
  get size(): number {
    return this.#entries.size
  }

  /** `ask` makes the call; it is not called where the endpoint is known or being asked for. */
  async get(
    key: string,
    clock: Clock,
    queue: QueueOptions,
    ask: (options: QuestionOptions) => Promise<string>,
  ): Promise<string> {
    throwIfAborted(ASKING, queue.signal)
    const entry = this.#entries.get(key)
    if (entry !== undefined && !isPast(entry)) return entry.endpoint
    const flight = this.#flights.get(key) ?? this.#start(key, clock, ask)
    // A copy: the same object may call twice.
    const caller = { onWaiting: queue.onWaiting, onWaitOver: queue.onWaitOver }
    flight.callers.add(caller)
    if (flight.place.event !== undefined) caller.onWaiting?.(flight.place.event)
    try {
      return await unlessAborted(flight.answer, queue.signal)
    } finally {
      flight.callers.delete(caller)
      if (flight.callers.size === 0) flight.cancel.abort()
    }
  }

  /** Drops an endpoint that failed. With `endpoint`, only if it is still the one in use. */
  invalidate(key: string, endpoint?: string): void {
    if (endpoint === undefined || this.#entries.get(key)?.endpoint === endpoint) this.#entries.delete(key)
  }

  #start(key: string, clock: Clock, ask: (options: QuestionOptions) => Promise<string>): Flight {
    const cancel = new AbortController()
    const callers = new Set<QueueOptions>()
    const place: Place = { event: undefined }
    const question: QuestionOptions = {
      signal: cancel.signal,
      onWaiting: event => {
        place.event = event
        for (const { onWaiting } of callers) onWaiting?.(event)
      },
      onWaitOver: () => {
        place.event = undefined
        for (const { onWaitOver } of callers) onWaitOver?.()
      },
    }
    const answer = ask(question).then(
      endpoint => {
        this.#land(key, flight)
        this.#keep(key, { endpoint, clock, untilMs: clock.now() + ENDPOINT_MAX_AGE_MS })
        return endpoint
      },
      (error: unknown) => {
        this.#land(key, flight)
        throw error
      },
    )
    // Those who asked hear of a failure; when all have left, nobody needs to.
    answer.catch(() => {})
    // As soon as the last caller leaves, the next one must not join a question that is being dropped.
    cancel.signal.addEventListener('abort', () => this.#land(key, flight), { once: true })
    const flight: Flight = { answer, cancel, callers, place }
    this.#flights.set(key, flight)
    return flight
  }

  #land(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    // Temporary credentials change the key each hour, so that old entries must go by themselves.
    for (const [oldKey, old] of this.#entries) {
      if (!isPast(old)) break
      this.#entries.delete(oldKey)
    }
  }
}

/** The process's endpoints. */
export const dataEndpoints = new DataEndpointCache()

/** Reads the answer of GetDataEndpoint; an answer that holds no http(s) URL is a `ServiceError`. */
export function endpointOfAnswer(body: string, requestId: string | undefined): string {
  const endpoint = dataEndpointField(body)
  const url = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') {
    return (url.origin + url.pathname).replace(/\/+$/, '')
  }
  throw new ServiceError(
    'GetDataEndpoint was answered without a `DataEndpoint` that is an http or https URL; check `controlEndpoint`',
    { statusCode: 200, requestId },
  )
}

function dataEndpointField(body: string): unknown {
  try {
    const json: unknown = JSON.parse(body)
    return typeof json === 'object' && json !== null && 'DataEndpoint' in json ? json.DataEndpoint : undefined
  } catch {
    return undefined
  }
}

const ASKING = 'asking GetDataEndpoint'

function isPast({ clock, untilMs }: Entry): boolean {
  return clock.now() >= untilMs
}

function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortErrorOf(ASKING, signal))
    // Its own listener may have fired it.
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
