import type { Clock } from '../../core/clock.ts'
import type { MediaStream } from './media-stream.ts'

/** A stream's status, as the API tells it. */
export type StreamStatus = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'

/** Which streams are on the way to a new state, and until when. Without a length nothing ever is. */
export class StreamTransitions {
  readonly #lengthMs: number
  readonly #clock: Clock
  readonly #underWay = new WeakMap<MediaStream, { readonly status: StreamStatus; readonly untilMs: number }>()

  constructor(lengthMs: number, clock: Clock) {
    this.#lengthMs = lengthMs
    this.#clock = clock
  }

  start(stream: MediaStream, status: StreamStatus): void {
    this.#underWay.set(stream, { status, untilMs: this.#clock.now() + this.#lengthMs })
  }

  statusOf(stream: MediaStream): StreamStatus {
    const transition = this.#underWay.get(stream)
    const isUnderWay = transition !== undefined && this.#clock.now() < transition.untilMs
    return isUnderWay ? transition.status : 'ACTIVE'
  }
}
