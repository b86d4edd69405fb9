import { AbortError } from '../../core/errors.ts'
import { mayBeSameStream, type StreamKey } from '../operations/stream-id.ts'
import { isAdmissionTimeout } from './admission-timeout-error.ts'
import type { QueueOptions, WaitingEvent, WaitingReason } from './waiting-event.ts'

/** The subject of one queue of callers. */
export type QueueSubject = {
  readonly reason: WaitingReason
  readonly limit: number
  /** Completes "… was aborted". */
  readonly activity: string
  /** Completes "stream NAME: …". */
  readonly holdUp: string
}

type Waiter = {
  readonly key: StreamKey
  readonly options: QueueOptions
  readonly admit: () => void
  readonly fail: (error: unknown) => void
  isWaiting: boolean
  /** One more than the callers ahead that may be of the same stream. */
  position: number
  reportedPosition: number
}

/**
 * Callers that wait their turn, first come first served. One that is aborted leaves the queue. Each hears of its
 * position at the start and whenever it moves up; a listener that throws fails its own wait and no other.
 */
export class WaitLine {
  readonly #subject: QueueSubject
  readonly #waiters: Waiter[] = []

  constructor(subject: QueueSubject) {
    this.#subject = subject
  }

  get length(): number {
    return this.#waiters.length
  }

  /**
   * Resolves at this caller's turn; rejects with `AbortError` as soon as its signal fires, or with the
   * `AdmissionTimeoutError` that it fired with. Leaves no listener. `onLeave` is called when a caller left before its turn.
   */
  join(key: StreamKey, options: QueueOptions, onLeave: () => void): Promise<void> {
    const { signal, onWaitOver } = options
    return new Promise((resolve, reject) => {
      const onAbort = () => waiter.fail(abortErrorOf(this.#subject.activity, signal))
      const waiter: Waiter = {
        ...{ key, options, isWaiting: true, reportedPosition: 0 },
        position: 1 + this.#waiters.filter(other => mayBeSameStream(other.key, key)).length,
        admit: () => {
          signal?.removeEventListener('abort', onAbort)
          onWaitOver?.()
          resolve()
        },
        fail: error => {
          signal?.removeEventListener('abort', onAbort)
          this.#remove(this.#waiters.indexOf(waiter))
          onWaitOver?.()
          reject(error)
          onLeave()
          this.#reportPositions()
        },
      }
      this.#waiters.push(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#report(waiter)
    })
  }

  /** Offers a place to each in turn; `take` takes it, if it may have it, and answers whether it did. */
  admitWhere(take: (key: StreamKey) => boolean): void {
    for (let index = 0; index < this.#waiters.length; ) {
      const waiter = this.#waiters[index]!
      if (take(waiter.key)) {
        this.#remove(index)
        waiter.admit()
      } else {
        index++
      }
    }
    this.#reportPositions()
  }

  /** Removes a waiter; later ones move up. */
  #remove(index: number): void {
    const [waiter] = this.#waiters.splice(index, 1)
    if (waiter === undefined) return
    waiter.isWaiting = false
    for (const later of this.#waiters.slice(index)) {
      if (mayBeSameStream(waiter.key, later.key)) later.position--
    }
  }

  /** A listener may abort others meanwhile, which changes the queue. */
  #reportPositions(): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.isWaiting && waiter.position !== waiter.reportedPosition) this.#report(waiter)
    }
  }

  #report(waiter: Waiter): void {
    waiter.reportedPosition = waiter.position
    try {
      waiter.options.onWaiting?.(this.#eventOf(waiter))
    } catch (error) {
      if (waiter.isWaiting) waiter.fail(error)
    }
  }

  #eventOf({ key, position }: Waiter): WaitingEvent {
    const { reason, limit, holdUp } = this.#subject
    const streamName = key.stream.slice(key.stream.lastIndexOf('/') + 1)
    const message = `stream ${streamName}: ${holdUp} (position ${position} in the queue)`
    return { reason, position, limit, message }
  }
}

/** Throws the `AbortError` that a caller gets who comes with a signal that has fired. */
export function throwIfAborted(activity: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortErrorOf(activity, signal)
}

/** An `AbortError`; the signal's own reason where that is the end of the time for waiting. */
export function abortErrorOf(activity: string, signal: AbortSignal | undefined): unknown {
  const reason: unknown = signal?.reason
  return isAdmissionTimeout(reason) ? reason : new AbortError(activity, reason)
}
