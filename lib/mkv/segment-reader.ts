import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import {
  type Block,
  blockFrames,
  DISCARDABLE,
  INVISIBLE,
  KEYFRAME,
  LACING,
  readBlock,
  relativeTicks,
} from './block.ts'
import { withBlockExtras } from './block-extras.ts'
import { type BytePlace, placeOf } from './byte-segment.ts'
import type { ContentDecoder } from './content-encoding.ts'
import type { ElementTree } from './element-tree.ts'
import type { ClusterEvent, InfoEvent, MkvEvent, MkvFrame, TracksEvent } from './events.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { SegmentClock } from './segment-clock.ts'
import { NO_TRACKS, type TrackState, type TrackTable } from './track-table.ts'

/**
 * One Segment: its clock, its tracks and the cluster under way, which together make frames of blocks.
 * A document may hold several Segments, each with a clock and tracks of its own.
 */
export class SegmentReader {
  readonly #maxFrameBytes: number
  readonly #trackTable: TrackTable
  #tracks = NO_TRACKS.states
  #clock = DEFAULT_CLOCK
  #clusterOffset = 0
  /** A bigint only beyond 2^53. */
  #clusterTicks: number | bigint = 0

  constructor(maxFrameBytes: number, trackTable: TrackTable) {
    this.#maxFrameBytes = maxFrameBytes
    this.#trackTable = trackTable
  }

  info(info: ElementTree): InfoEvent {
    const timestampScale = info.uint(ID.TimestampScale) ?? DEFAULT_CLOCK.timestampScale
    if (timestampScale === 0) {
      throw new MkvSyntaxError('a TimestampScale of zero', info.byteOffset, 'Segment/Info/TimestampScale')
    }
    this.#clock = new SegmentClock(timestampScale)
    const duration = info.float(ID.Duration)
    return {
      type: 'info',
      timestampScale,
      durationMs: duration === undefined ? undefined : (duration * timestampScale) / 1e6,
      title: info.string(ID.Title),
      muxingApp: info.string(ID.MuxingApp),
      writingApp: info.string(ID.WritingApp),
    }
  }

  /** A Tracks element that comes again says the same, or replaces what was said. */
  tracks(element: ElementTree): TracksEvent {
    const { tracks, states } = this.#trackTable.read(element)
    this.#tracks = states
    return { type: 'tracks', tracks }
  }

  /** Until its Timestamp comes, a cluster counts from zero. */
  startCluster(byteOffset: number): void {
    this.#clusterOffset = byteOffset
    this.#clusterTicks = 0
  }

  /** A bigint only beyond 2^53. */
  clusterTimestamp(ticks: number | bigint): void {
    this.#clusterTicks = ticks
  }

  get cluster(): ClusterEvent {
    return {
      type: 'cluster',
      byteOffset: this.#clusterOffset,
      timestampMs: this.#clock.toMs(this.#clusterTicks),
    }
  }

  /** Gives the first frame; what a lace holds beside it is added to `others`. */
  simpleBlock(place: Readonly<BytePlace>, byteOffset: number, others: MkvEvent[]): MkvFrame {
    return this.#plainFrame(place) ?? this.#anyBlock(place, byteOffset, others)
  }

  /**
   * The frame of a block as almost all are: one frame, as it is stored, of a track below 128. With no `Block` made in
   * between, a reader of 320-byte blocks takes a tenth less.
   */
  #plainFrame({ segment, start, end }: Readonly<BytePlace>): MkvFrame | undefined {
    const { bytes } = segment
    const contentStart = start + PLAIN_HEAD_BYTES
    if (contentStart > end || end - contentStart > this.#maxFrameBytes) return undefined
    const flags = bytes[contentStart - 1]!
    if (bytes[start]! < 0x80 || (flags & LACING) !== 0) return undefined
    const track = bytes[start]! & 0x7f
    const state = this.#tracks.get(track)
    if (state?.decoder !== undefined) return undefined
    return {
      type: 'frame',
      track,
      timestampMs: this.#clock.toMs(this.#clusterTicks, relativeTicks(bytes, start + 1)),
      keyframe: (flags & KEYFRAME) !== 0,
      invisible: (flags & INVISIBLE) !== 0,
      discardable: (flags & DISCARDABLE) !== 0,
      durationMs: state?.durationMs,
      laceIndex: 0,
      data: segment.view(contentStart, end),
    }
  }

  #anyBlock(place: Readonly<BytePlace>, byteOffset: number, others: MkvEvent[]): MkvFrame {
    const block = readBlock(place, byteOffset, SIMPLE_BLOCK_PATH)
    const track = this.#tracks.get(block.track)
    return this.#frames(block, blockFrames(block), track, track?.durationMs, others)
  }

  /** A Block has no keyframe flag: it is one if its group refers to no other block. */
  blockGroup(group: ElementTree, others: MkvEvent[]): MkvFrame {
    const bytes = group.bytes(ID.Block)
    if (bytes === undefined)
      throw new MkvSyntaxError('a BlockGroup without a Block', group.byteOffset, BLOCK_GROUP_PATH)
    const keyframe = group.bytes(ID.ReferenceBlock) === undefined
    const block = { ...readBlock(placeOf(bytes), group.byteOffset, BLOCK_GROUP_PATH), keyframe }
    const frames = blockFrames(block)
    const track = this.#tracks.get(block.track)
    const durationTicks = group.uintBig(ID.BlockDuration)
    const durationMs =
      durationTicks === undefined ? track?.durationMs : this.#clock.toMs(durationTicks) / frames.length
    const firstOther = others.length
    const first = this.#frames(block, frames, track, durationMs, others)
    return withBlockExtras(group, first, others, firstOther)
  }

  #frames(
    block: Block,
    stored: readonly Uint8Array[],
    track: TrackState | undefined,
    durationMs: number | undefined,
    others: MkvEvent[],
  ): MkvFrame {
    const frames = stored.map((bytes, laceIndex) => this.#frame(block, bytes, laceIndex, track, durationMs))
    others.push(...frames.slice(1))
    return frames[0]!
  }

  #frame(
    block: Block,
    stored: Uint8Array,
    laceIndex: number,
    track: TrackState | undefined,
    durationMs: number | undefined,
  ): MkvFrame {
    return {
      type: 'frame',
      track: block.track,
      timestampMs: this.#clock.toMs(this.#clusterTicks, block.relativeTicks),
      keyframe: block.keyframe,
      invisible: block.invisible,
      discardable: block.discardable,
      durationMs,
      laceIndex,
      data: this.#restore(stored, track?.decoder, block),
    }
  }

  #restore(stored: Uint8Array, decoder: ContentDecoder | undefined, block: Block): Uint8Array {
    const maxFrameBytes = this.#maxFrameBytes
    const { byteOffset, elementPath } = block
    const data =
      decoder === undefined ? stored : decoder.frame(stored, { byteOffset, elementPath, maxFrameBytes })
    if (data.length <= maxFrameBytes) return data
    const problem = `a frame of ${data.length} bytes is over the limit of ${maxFrameBytes} bytes`
    throw new MkvLimitError(problem, 'maxFrameBytes', byteOffset, elementPath)
  }
}

/** A track below 128, the time, the flags. */
const PLAIN_HEAD_BYTES = 4
const DEFAULT_CLOCK = new SegmentClock(1_000_000)
const SIMPLE_BLOCK_PATH = 'Segment/Cluster/SimpleBlock'
const BLOCK_GROUP_PATH = 'Segment/Cluster/BlockGroup'
