/** What a session's bytes begin with, and from when its fragments count. */
export type OutgoingDocument = {
  readonly header: Uint8Array
  readonly producerStartTimestamp: Date
  /** Nanoseconds of a tick. */
  readonly timestampScale: number
}

/**
 * A fragment on its way: its bytes as far as they have come from the producer. They are linked in their order, so that a
 * session goes from one to the next, and what nobody points at any more is free.
 */
export class OutgoingFragment {
  readonly document: OutgoingDocument
  /** The cluster's timestamp in ticks, as it is in the media. */
  readonly timecode: bigint
  /** The same in milliseconds. */
  readonly timecodeMs: number
  readonly chunks: Uint8Array[] = []
  bytes = 0
  next: OutgoingFragment | undefined
  /** The producer has closed it, by a tag or by what follows. */
  isWhole = false
  /** The service has it, or the producer never finished it: it is not sent again. */
  isDone = false
  /** The service has acknowledged it as RECEIVED. */
  isReceived = false
  /** Sessions that began to send it. */
  timesSent = 0

  constructor(document: OutgoingDocument, timecode: bigint, timecodeMs: number) {
    this.document = document
    this.timecode = timecode
    this.timecodeMs = timecodeMs
  }

  /** The next one that is to be sent, if it is there yet. */
  get nextToSend(): OutgoingFragment | undefined {
    let next = this.next
    while (next?.isDone) next = next.next
    return next
  }
}
