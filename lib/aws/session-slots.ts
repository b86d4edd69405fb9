import { mayBeSameStream, type StreamKey } from './stream-id.ts'
import { throwIfAborted, WaitLine } from './wait-line.ts'

type Stream = { readonly holders: StreamKey[]; readonly line: WaitLine<StreamKey> }

/** At most so many sessions open at once for each stream; the others wait their turn. */
export class SessionSlots {
  readonly #maxSessions: number
  readonly #streams = new Map<string, Stream>()

  constructor(maxSessions: number) {
    this.#maxSessions = maxSessions
  }

  /** Streams that have a session or a waiting caller. */
  get size(): number {
    return this.#streams.size
  }

  /** Resolves with the function that gives the slot back; calling it again does nothing. Rejects with `AbortError`. */
  async hold(key: StreamKey, signal?: AbortSignal): Promise<() => void> {
    throwIfAborted(WAITING, signal)
    const stream = this.#streams.get(key.stream) ?? { holders: [], line: new WaitLine<StreamKey>() }
    this.#streams.set(key.stream, stream)
    if (!this.#take(stream, key)) {
      await stream.line.join(key, WAITING, signal, () => this.#dropIdle(key, stream))
    }
    return () => this.#release(stream, key)
  }

  #take(stream: Stream, key: StreamKey): boolean {
    const taken = stream.holders.filter(holder => mayBeSameStream(holder, key)).length
    if (taken >= this.#maxSessions) return false
    // A copy of its own, so that giving back twice finds nothing.
    stream.holders.push(key)
    return true
  }

  #release(stream: Stream, key: StreamKey): void {
    const index = stream.holders.indexOf(key)
    if (index === -1) return
    stream.holders.splice(index, 1)
    stream.line.admitWhere(waiting => this.#take(stream, waiting))
    this.#dropIdle(key, stream)
  }

  #dropIdle(key: StreamKey, stream: Stream): void {
    if (stream.holders.length === 0 && stream.line.length === 0) this.#streams.delete(key.stream)
  }
}

const WAITING = 'waiting for a GetMedia session of the stream to end'
