/** What a producer sent for one fragment, byte for byte, and what its bytes say of time. */
export type MediaFragment = {
  /** The EBML header as it was sent. */
  readonly ebmlHeader: Uint8Array
  /** What stood in the Segment before the first Cluster: SeekHead, Void, Info, Tracks, Tags. */
  readonly segmentHeader: Uint8Array
  /** The Cluster, its own size form included. */
  readonly cluster: Uint8Array
  /** What stood between this Cluster and the next: Tags, Cues. */
  readonly trailer: Uint8Array
  /** The Cluster's timestamp in milliseconds, on the producer's own clock. */
  readonly timestampMs: number
  readonly durationMs: number
  /** For each block, a byte inside it, counted from the Cluster's first: where a cut breaks that block. */
  readonly blockOffsets: readonly number[]
  /** What the service's tags said, where the bytes are a recording of GetMedia. */
  readonly recorded: RecordedTags | undefined
}

/** The service's own word on a fragment, read back from a recording. */
export type RecordedTags = {
  readonly number: bigint
  readonly serverTimestampMs: number
  readonly producerTimestampMs: number
}

/** A fragment on a stream. */
export type StoredFragment = MediaFragment & RecordedTags
