import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import { type BytePlace, placeOf } from '../ebml/byte-segment.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
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
import { blockDurations } from './block-durations.ts'
import { withBlockExtras } from './block-extras.ts'
import type { ContentDecoder } from './content-encoding.ts'
import type { ClusterEvent, InfoEvent, MkvEvent, MkvFrame, TracksEvent } from './events.ts'
import { SegmentClock } from './segment-clock.ts'
import { NO_TRACKS, type TrackTable } from './track-table.ts'

/**
 * One Segment: its clock, its tracks and the cluster under way, which together make frames of blocks.
 * A document may hold several Segments, each with a clock and tracks of its own.
 */
export class SegmentReader {
  readonly #maxFrameBytes: number
  readonly #trackTable: TrackTable
  #tracks = NO_TRACKS.states
  /** A Segment without Tracks declares nothing: its blocks are read as they are. */
  #hasTracks = false
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
    this.#hasTracks = true
    return { type: 'tracks', tracks }
  }

  get hasTracks(): boolean {
    return this.#hasTracks
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

  /** Gives the first frame, or a number for a block of that track, which Tracks does not declare; the other frames of a lace are added to `others`. */
  simpleBlock(place: Readonly<BytePlace>, byteOffset: number, others: MkvEvent[]): MkvFrame | number {
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
    if (state === undefined ? this.#hasTracks : !state.isPlain) return undefined
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

  #anyBlock(place: Readonly<BytePlace>, byteOffset: number, others: MkvEvent[]): MkvFrame | number {
    const block = readBlock(place, byteOffset, SIMPLE_BLOCK_PATH)
    return this.#isUndeclared(block) ? block.track : this.#frames(block, undefined, others)
  }

  /** A Block has no keyframe flag: it is one if its group refers to no other block. */
  blockGroup(group: ElementTree, others: MkvEvent[]): MkvFrame | number {
    const bytes = group.bytes(ID.Block)
    if (bytes === undefined)
      throw new MkvSyntaxError('a BlockGroup without a Block', group.byteOffset, BLOCK_GROUP_PATH)
    const keyframe = group.bytes(ID.ReferenceBlock) === undefined
    const block = { ...readBlock(placeOf(bytes), group.byteOffset, BLOCK_GROUP_PATH), keyframe }
    if (this.#isUndeclared(block)) return block.track
    const firstOther = others.length
    const first = this.#frames(block, group.uintBig(ID.BlockDuration), others)
    return withBlockExtras(group, first, others, firstOther)
  }

  /** A document without Tracks at all declares nothing, and its frames are delivered. */
  #isUndeclared({ track }: Block): boolean {
    return this.#hasTracks && !this.#tracks.has(track)
  }

  #frames(block: Block, durationTicks: bigint | undefined, others: MkvEvent[]): MkvFrame {
    const track = this.#tracks.get(block.track)
    const payloads = blockFrames(block).map(stored => this.#restore(stored, track?.decoder, block))
    const scale = track?.timestampScale ?? 1
    const blockMs = durationTicks === undefined ? undefined : this.#clock.toMs(durationTicks) * scale
    const durations = blockDurations(payloads, track, blockMs)
    const timestampMs = this.#timestampMs(block.relativeTicks, scale)
    let offsetMs = 0
    const [first, ...rest] = payloads.map((data, laceIndex) => {
      const durationMs = durations[laceIndex]
      const frame = frameOf(block, laceIndex, timestampMs + roundToNs(offsetMs), durationMs, data)
      offsetMs += durationMs ?? 0
      return frame
    })
    others.push(...rest)
    return first!
  }

  /** Block timestamps are in ticks of the track, those of clusters in ticks of the segment (RFC 9559, section 11.1). */
  #timestampMs(relativeTicks: number, trackScale: number): number {
    if (trackScale === 1) return this.#clock.toMs(this.#clusterTicks, relativeTicks)
    return this.#clock.toMs(this.#clusterTicks) + this.#clock.toMs(relativeTicks) * trackScale
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

function frameOf(
  block: Block,
  laceIndex: number,
  timestampMs: number,
  durationMs: number | undefined,
  data: Uint8Array,
): MkvFrame {
  const { track, keyframe, invisible, discardable } = block
  return {
    type: 'frame',
    ...{ track, timestampMs, keyframe, invisible, discardable, durationMs, laceIndex, data },
  }
}

/** Sums of fractions such as 64/3 ms would else differ in their last digits. */
function roundToNs(ms: number): number {
  return Math.round(ms * 1e6) / 1e6
}

/** A track below 128, the time, the flags. */
const PLAIN_HEAD_BYTES = 4
const DEFAULT_CLOCK = new SegmentClock(1_000_000)
const SIMPLE_BLOCK_PATH = 'Segment/Cluster/SimpleBlock'
const BLOCK_GROUP_PATH = 'Segment/Cluster/BlockGroup'
