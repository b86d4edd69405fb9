/** Which of the service's limits a call waits for; each counts for one stream. */
export type WaitingReason =
  /** All GetMedia sessions of the stream are open in this process. */
  | 'session-limit'
  /** Calls a second of the operation. */
  | 'get-media-rate'
  | 'put-media-rate'
  | 'get-data-endpoint-rate'

/** `waiting`: a call is in a queue of this process, which keeps the service's limits. */
export type WaitingEvent = {
  readonly reason: WaitingReason
  /** 1 for the next one to be admitted. */
  readonly position: number
  /** How many the service allows: sessions at once, or calls a second. */
  readonly limit: number
  readonly message: string
}

/** How a caller waits in a queue. */
export type QueueOptions = {
  /** Leaves the queue when it fires, with an `AbortError`. */
  readonly signal?: AbortSignal | undefined
  /** Called when the wait begins, and again each time the position changes. */
  readonly onWaiting?: ((event: WaitingEvent) => void) | undefined
  /** Called when the wait is over, and only after `onWaiting`. */
  readonly onWaitOver?: (() => void) | undefined
}
