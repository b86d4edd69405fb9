import { mayBeSameStream, type StreamKey } from '../operations/stream-id.ts'
import { throwIfAborted, WaitLine } from './wait-line.ts'
import type { QueueOptions } from './waiting-event.ts'

type Stream = { readonly holders: StreamKey[]; readonly line: WaitLine }

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
  async hold(key: StreamKey, options: QueueOptions): Promise<() => void> {
    throwIfAborted(WAITING, options.signal)
    const stream = this.#streams.get(key.stream) ?? this.#newStream()
    this.#streams.set(key.stream, stream)
    if (!this.#take(stream, key)) {
      await stream.line.join(key, options, () => this.#dropIdle(key, stream))
    }
    return () => this.#release(stream, key)
  }

  #newStream(): Stream {
    const limit = this.#maxSessions
    const holdUp = `all ${limit} GetMedia sessions that the service allows are open in this process; waiting for one to end`
    return { holders: [], line: new WaitLine({ reason: 'session-limit', limit, activity: WAITING, holdUp }) }
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
