import type { Tag } from './tags.ts'
import type { Track } from './tracks.ts'

/**
 * What a Matroska payload says, in the payload's own order. One EBML document gives:
 * `document-start`, then `info`, `tracks`, `tags` and clusters (`cluster`, `frame`…, `cluster-end`) as they come,
 * then `document-end`. A payload that breaks off ends in `truncated`, with no `document-end`.
 */
export type MkvEvent =
  | DocumentStartEvent
  | InfoEvent
  | TracksEvent
  | TagsEvent
  | ClusterEvent
  | MkvFrame
  | ClusterEndEvent
  | DocumentEndEvent
  | TruncatedEvent
  | MkvWarning

/** An EBML header has been read whole (RFC 8794, section 11.2). */
export type DocumentStartEvent = {
  readonly type: 'document-start'
  /** Where the header begins, in bytes from the payload's start. */
  readonly byteOffset: number
  readonly docType: string
  readonly docTypeVersion: number
}

/** Segment\Info (RFC 9559, section 5.1.2). */
export type InfoEvent = {
  readonly type: 'info'
  /** Nanoseconds in one tick of the segment's clock; 1,000,000 unless written. */
  readonly timestampScale: number
  readonly durationMs: number | undefined
  readonly title: string | undefined
  readonly muxingApp: string | undefined
  readonly writingApp: string | undefined
}

export type TracksEvent = { readonly type: 'tracks'; readonly tracks: readonly Track[] }

/** One whole Segment\Tags element (RFC 9559, section 5.1.8). */
export type TagsEvent = { readonly type: 'tags'; readonly byteOffset: number; readonly tags: readonly Tag[] }

/** A cluster's timestamp is known; its frames follow. */
export type ClusterEvent = {
  readonly type: 'cluster'
  readonly byteOffset: number
  /** Milliseconds on the segment's clock. */
  readonly timestampMs: number
}

/** One frame, restored to what the encoder gave: unlaced, and with the track's compression undone. */
export type MkvFrame = {
  readonly type: 'frame'
  /** The track's number, as in its `Track`. */
  readonly track: number
  /**
   * Milliseconds on the segment's clock: the cluster's timestamp, and the block's times the TrackTimestampScale, both times
   * the timestamp scale. In a lace each frame follows the one before it; where nothing tells how long that one lasts, both
   * have the same time.
   */
  readonly timestampMs: number
  /** The container's own flag, which is a hint: `isRandomAccessPoint` says whether decoding can begin with the frame. */
  readonly keyframe: boolean
  readonly invisible: boolean
  readonly discardable: boolean
  /** From the BlockDuration or the DefaultDuration, and in a lace from the codec; `undefined` where none of them says. */
  readonly durationMs: number | undefined
  /** The frame's place in its lace; 0 for a block of one frame. */
  readonly laceIndex: number
  /** A view into the transport chunk where the frame lies in one, else a copy. Copy it to keep it long: a view keeps its whole chunk in memory, and a small copy the 64 KiB block that it shares with others. */
  readonly data: Uint8Array
  /**
   * DiscardPadding, in nanoseconds: how much of the decoded frame is not to be heard, at its end, or at its start where
   * negative. Absent where the block does not say. In a lace it is the last frame's, or the first one's where negative.
   */
  readonly discardPaddingNs?: number
  /** BlockAdditions (RFC 9559, section 5.1.3.5.2.1), such as the alpha channel of VP9. Absent where there are none. */
  readonly blockAdditions?: readonly BlockAddition[]
}

/** One BlockMore: what BlockAddID calls it, and the bytes of its BlockAdditional. */
export type BlockAddition = { readonly id: number; readonly data: Uint8Array }

export type ClusterEndEvent = {
  readonly type: 'cluster-end'
  /** Blocks of the cluster that were skipped; absent where there were none. */
  readonly skippedBlocks?: number
}

/** The document is over: the next EBML header came, or the payload ended between elements. */
export type DocumentEndEvent = {
  readonly type: 'document-end'
  /** Where the document ends, in bytes from the payload's start. */
  readonly byteOffset: number
  readonly reason: 'next-document' | 'end-of-payload'
  /** Blocks of the document that were skipped; absent where there were none. */
  readonly skippedBlocks?: number
}

/**
 * `undeclared-track`: a block of a track that Tracks does not declare; such blocks are skipped.
 * `block-outside-cluster`: a block that lies in no Cluster; such blocks are skipped.
 * `tracks-missing`: a block came before any Tracks of its Segment; its document's frames are delivered without tracks.
 * `segment-size`, `element-size`: the declared size of a Segment, or of another master element, contradicts what follows.
 * `element-outside-segment`: a child of a Segment without a Segment; it is read as if one had begun before it.
 */
export type MkvWarningCode =
  | 'undeclared-track'
  | 'tracks-missing'
  | 'block-outside-cluster'
  | 'segment-size'
  | 'element-size'
  | 'element-outside-segment'

/** The payload breaks a rule, and is read on. Given once for each document, code, and track where there is one. */
export type MkvWarning = {
  readonly type: 'warning'
  readonly code: MkvWarningCode
  /** Where the element begins that shows it, in bytes from the payload's start. */
  readonly byteOffset: number
  /** The element concerned, outermost first; empty at the payload's top level. */
  readonly elementPath: string
  /** Whether media was skipped, or may not be there; false where everything was read. */
  readonly mediaMissing: boolean
  /** The number of the undeclared track; absent for other codes. */
  readonly track?: number
  readonly message: string
}

/** The payload ended inside an element. Every whole frame before has been given. */
export type TruncatedEvent = {
  readonly type: 'truncated'
  /** Where the bytes end. */
  readonly byteOffset: number
  /** What was open there, outermost first. */
  readonly elementPath: string
}
