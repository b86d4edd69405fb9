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
  /** What the service's tags said, where the bytes are a recording of GetMedia. */
  readonly recorded?: RecordedTags | undefined
}

/** The service's own word on a fragment, read back from a recording. */
export type RecordedTags = {
  readonly number: bigint
  readonly serverTimestampMs: number
  readonly producerTimestampMs: number
}

/** A fragment on a stream. Where it is kept on disk, its bytes are read when they are asked for. */
export type StoredFragment = Omit<MediaFragment, 'recorded'> &
  RecordedTags & {
    /** When it was stored, in epoch milliseconds: retention counts from here. */
    readonly storedMs: number
    /** Of the producer's bytes: header, Cluster and trailer. */
    readonly byteLength: number
  }

/** A fragment with its place on the stream; the bytes are those given, not copies. */
export function storeFragment(
  media: MediaFragment,
  dated: RecordedTags & { readonly storedMs: number },
): StoredFragment {
  const { ebmlHeader, segmentHeader, cluster, trailer, timestampMs, durationMs } = media
  return {
    ...{ ebmlHeader, segmentHeader, cluster, trailer, timestampMs, durationMs },
    ...{ number: dated.number, storedMs: dated.storedMs },
    serverTimestampMs: dated.serverTimestampMs,
    producerTimestampMs: dated.producerTimestampMs,
    byteLength: ebmlHeader.length + segmentHeader.length + cluster.length + trailer.length,
  }
}
