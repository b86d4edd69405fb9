/** What a `PutMediaSink` has done so far. */
export type PutMediaMetrics = {
  /** Bytes that went into PutMedia requests: headers and fragments, those sent again included. */
  readonly bytes: number
  /** Fragments that were begun to be sent, each counted once. */
  readonly fragmentsSent: number
  /** `RECEIVED` and `PERSISTED` acknowledgements. */
  readonly fragmentsReceived: number
  readonly fragmentsPersisted: number
  /** How often a fragment was begun anew in a later session. */
  readonly fragmentsSentAgain: number
  /** PutMedia calls made, the present one included. */
  readonly sessions: number
  /** What is kept now, because the service has not acknowledged it. */
  readonly unacknowledgedFragments: number
  readonly unacknowledgedBytes: number
}

/** The counts that grow. */
export class PutCounts {
  bytes = 0
  fragmentsSent = 0
  fragmentsReceived = 0
  fragmentsPersisted = 0
  fragmentsSentAgain = 0
  sessions = 0
}
