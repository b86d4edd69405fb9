import type { WaitingEvent } from '../../aws/limits/waiting-event.ts'
import type { StartSelector } from '../../aws/operations/start-selector.ts'
import type { FragmentEvent } from '../events.ts'
import type { FragmentSource } from './event-reader.ts'

/** Shapes that `RetryingResumer` exchanges with its user besides the `FragmentEvent`s; types only. */

/** What a session is made with. */
export type AttemptContext = {
  /** Fires when the session is over or not wanted any more; each session has its own. */
  readonly signal: AbortSignal
  /** To be called with the `waiting` events of `SignedGetMediaSource`: the resumer emits them as its own. */
  readonly onWaiting: (event: WaitingEvent) => void
  /** To be called when the session is admitted, where `reportsAdmission` is set. */
  readonly onAdmitted: () => void
}

/** Makes one session from a start: a stream, or an async iterable, of `FragmentEvent`s. */
export type Attempt = (
  startSelector: StartSelector,
  context: AttemptContext,
) => FragmentSource | Promise<FragmentSource>

/** `attempt`: a session is about to start; it is admitted, where it has to wait for that. */
export type AttemptEvent = {
  /** 1 for the first, over the stream's whole life. */
  readonly session: number
  readonly startSelector: StartSelector
}

/** `retry`: a session is over, and another follows. */
export type RetryEvent = {
  /** Why it is over; `null` where it ended in the ordinary way. */
  readonly error: Error | null
  readonly delayMs: number
  /** Sessions in a row that failed and brought nothing new, this one included, and how many more may follow. */
  readonly failures: number
  readonly retriesLeft: number
}

/** `resumed`: the first event of a later session that the reader did not have yet. */
export type ResumedEvent = {
  readonly session: number
  readonly startSelector: StartSelector
  /** Frames that came again and were left out. */
  readonly framesLeftOut: number
}

/** Where the events of a session go. */
export type EventSink = {
  /** Takes one event; false when it wants no more for now. */
  take(event: FragmentEvent): boolean
  /** Resolves when it wants more. */
  room(): Promise<void>
}
