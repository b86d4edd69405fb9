import type { BlockAddition, MkvWarning } from '../matroska/reader/events.ts'
import type { TagValue } from '../matroska/reader/tags.ts'
import type { Track } from '../matroska/reader/tracks.ts'
import type { CodecConflict } from './codec-conflicts.ts'
import type { ProducerEvent } from './producer-event.ts'

/**
 * What a GetMedia payload says, fragment by fragment:
 * `fragment-start`, `frame`…, `fragment-end`. A fragment is one EBML document of the payload.
 */
export type FragmentEvent =
  | FragmentStart
  | FragmentFrame
  | FragmentEnd
  | LateTags
  | FragmentTruncated
  | Discontinuity
  | Gap
  | FragmentWarning

/** Tags by name; where a name repeats, the last value counts. It has no prototype, so that every name is harmless. */
export type TagRecord = Readonly<Record<string, TagValue>>

export type FragmentStart = {
  readonly type: 'fragment-start'
  /** AWS_KINESISVIDEO_FRAGMENT_NUMBER: opaque; `null` where the payload has none. */
  readonly fragmentNumber: string | null
  /** The producer's clock for the fragment's first moment. Not wall-clock time where the producer counts from zero. */
  readonly producerTimestamp: Date | null
  /** When the service began to receive the fragment. */
  readonly serverTimestamp: Date | null
  /** The tag's own text: seconds, with a fraction. */
  readonly producerTimestampText: string | null
  readonly serverTimestampText: string | null
  readonly tracks: readonly Track[]
  /** The user's tags that came before the frames. */
  readonly tags: TagRecord
  /** Facts about a codec that contradict each other, as far as they are known by now. */
  readonly codecConflicts: readonly CodecConflict[]
}

export type FragmentFrame = {
  readonly type: 'frame'
  readonly fragmentNumber: string | null
  readonly track: number
  /** Milliseconds on the segment's own clock. In a lace each frame has its own: that of the block, and how long the frames before it last. */
  readonly timestampMs: number
  /** Wall-clock time: the fragment's producer time (its server time where the producer's is no wall clock) plus the frame's distance from the fragment's start. */
  readonly wallClock: Date | null
  /** The container's own flag, which is a hint: `isRandomAccessPoint` says whether decoding can begin with the frame. */
  readonly keyframe: boolean
  /** The decoder needs it, and nobody is to see it. */
  readonly invisible: boolean
  /** No other frame needs it: a decoder that is late may skip it. */
  readonly discardable: boolean
  readonly durationMs: number | undefined
  readonly laceIndex: number
  /** A view into the transport chunk where the frame lies in one, else a copy. Copy it to keep it long: a view keeps its whole chunk in memory, and a small copy the 64 KiB block that it shares with others. */
  readonly data: Uint8Array
  /** As of `MkvFrame`: nanoseconds to discard at the end of the decoded frame, or at its start where negative. */
  readonly discardPaddingNs?: number
  /** As of `MkvFrame`. */
  readonly blockAdditions?: readonly BlockAddition[]
}

export type FragmentEnd = {
  readonly type: 'fragment-end'
  readonly fragmentNumber: string | null
  /** AWS_KINESISVIDEO_CONTINUATION_TOKEN: opaque; the next session starts after it. `null` where the chunk has none. */
  readonly continuationToken: string | null
  /** AWS_KINESISVIDEO_MILLIS_BEHIND_NOW. */
  readonly millisBehindNow: number | null
  /** AWS_KINESISVIDEO_ERROR_ID and _ERROR_CODE, where error tags are reported and not raised. */
  readonly errorId: number | null
  readonly errorCode: string | null
  /** Frames of the fragment, and the sum of their bytes. */
  readonly frames: number
  readonly bytes: number
  /** Blocks of the fragment that were skipped, as a `warning` said; absent where there were none. */
  readonly skippedBlocks?: number
  /** All of the fragment's tags but the service's own. */
  readonly tags: TagRecord
  /** Notification and image events that the producer put on the fragment. Their tags are in `tags` too, by name. */
  readonly events: readonly ProducerEvent[]
  readonly codecConflicts: readonly CodecConflict[]
  /** What closed it: the token tag, the next document's header, or the end of the payload. */
  readonly endedBy: 'token' | 'next-document' | 'end-of-payload'
}

/** User tags that a producer or the service put behind the token tag, after `fragment-end` was given. */
export type LateTags = {
  readonly type: 'late-tags'
  readonly fragmentNumber: string | null
  readonly tags: TagRecord
}

/**
 * The payload breaks a rule, and is read on: an `MkvWarning`, after the `fragment-start` of its fragment. Outputs ignore it. Once
 * for each fragment, code, and track where there is one.
 */
export type FragmentWarning = MkvWarning & { readonly fragmentNumber: string | null }

/** The payload ended inside an element; the fragment under way stays without an end. */
export type FragmentTruncated = {
  readonly type: 'truncated'
  readonly fragmentNumber: string | null
  /** Where the bytes end, from the payload's start. */
  readonly byteOffset: number
  readonly elementPath: string
}

/** By `RetryingResumer` only, in place of a `fragment-end`: what was delivered of this fragment cannot be continued as it began. */
export type Discontinuity = {
  readonly type: 'discontinuity'
  readonly fragmentNumber: string | null
  /** `changed`: the service now sends other frames. `lost`: it does not send the fragment again. */
  readonly reason: 'changed' | 'lost'
  /** Frames of the fragment that were delivered before. */
  readonly framesDelivered: number
  readonly message: string
}

/** By `RetryingResumer` only: fragments between the last one delivered and the next are not to be had. */
export type Gap = {
  readonly type: 'gap'
  /** The last fragment before, and the first after. */
  readonly afterFragmentNumber: string | null
  readonly beforeFragmentNumber: string | null
  /** From the last delivered moment to the next fragment's start, on the server's and on the producer's clock; `null` where unknown. */
  readonly serverGapMs: number | null
  readonly producerGapMs: number | null
  readonly message: string
}
