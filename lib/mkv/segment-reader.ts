import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import { type Block, readBlock } from './block.ts'
import { type ContentDecoder, contentDecoder } from './content-encoding.ts'
import type { ElementTree } from './element-tree.ts'
import type { ClusterEvent, InfoEvent, MkvFrame, TracksEvent } from './events.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { SegmentClock } from './segment-clock.ts'
import { readTrackEntry } from './track-entry.ts'
import type { Track } from './tracks.ts'

/**
 * One Segment: its clock, its tracks and the cluster under way, which together make frames of blocks.
 * A document may hold several Segments, each with a clock and tracks of its own.
 */
export class SegmentReader {
  readonly #maxFrameBytes: number
  #tracks = new Map<number, TrackState>()
  #clock = DEFAULT_CLOCK
  #clusterOffset = 0
  /** A bigint only beyond 2^53. */
  #clusterTicks: number | bigint = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
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
  tracks(tracks: ElementTree): TracksEvent {
    this.#tracks = new Map()
    return { type: 'tracks', tracks: Array.from(tracks.masters(ID.TrackEntry), entry => this.#track(entry)) }
  }

  #track(entry: ElementTree): Track {
    const decoder = contentDecoder(entry)
    const track = readTrackEntry(entry, decoder, this.#maxFrameBytes)
    this.#tracks.set(track.number, { decoder, durationMs: track.defaultDurationMs })
    return track
  }

  /** Until its Timestamp comes, a cluster counts from zero. */
  startCluster(byteOffset: number): void {
    this.#clusterOffset = byteOffset
    this.#clusterTicks = 0
  }

  clusterTimestamp(ticks: bigint): void {
    this.#clusterTicks = ticks <= Number.MAX_SAFE_INTEGER ? Number(ticks) : ticks
  }

  get cluster(): ClusterEvent {
    return {
      type: 'cluster',
      byteOffset: this.#clusterOffset,
      timestampMs: this.#clock.toMs(this.#clusterTicks),
    }
  }

  simpleBlock(bytes: Uint8Array, byteOffset: number): MkvFrame[] {
    const block = readBlock(bytes, byteOffset, SIMPLE_BLOCK_PATH)
    const durationMs = this.#tracks.get(block.track)?.durationMs
    return this.#frames(block, block.keyframe, durationMs, byteOffset, SIMPLE_BLOCK_PATH)
  }

  /** A Block has no keyframe flag: it is one if its group refers to no other block. */
  blockGroup(group: ElementTree): MkvFrame[] {
    const bytes = group.bytes(ID.Block)
    if (bytes === undefined)
      throw new MkvSyntaxError('a BlockGroup without a Block', group.byteOffset, BLOCK_GROUP_PATH)
    const block = readBlock(bytes, group.byteOffset, BLOCK_GROUP_PATH)
    const keyframe = group.bytes(ID.ReferenceBlock) === undefined
    const durationTicks = group.uintBig(ID.BlockDuration)
    const durationMs =
      durationTicks === undefined
        ? this.#tracks.get(block.track)?.durationMs
        : this.#clock.toMs(durationTicks) / block.frames.length
    return this.#frames(block, keyframe, durationMs, group.byteOffset, BLOCK_GROUP_PATH)
  }

  #frames(
    block: Block,
    keyframe: boolean,
    durationMs: number | undefined,
    byteOffset: number,
    elementPath: string,
  ): MkvFrame[] {
    const { track, invisible, discardable } = block
    const decoder = this.#tracks.get(track)?.decoder
    const timestampMs = this.#clock.toMs(this.#clusterTicks, block.relativeTicks)
    const frames: MkvFrame[] = []
    for (const stored of block.frames) {
      const data = this.#restore(stored, decoder, byteOffset, elementPath)
      const laceIndex = frames.length
      frames.push({
        type: 'frame',
        track,
        timestampMs,
        keyframe,
        invisible,
        discardable,
        durationMs,
        laceIndex,
        data,
      })
    }
    return frames
  }

  #restore(
    stored: Uint8Array,
    decoder: ContentDecoder | undefined,
    byteOffset: number,
    elementPath: string,
  ): Uint8Array {
    const maxFrameBytes = this.#maxFrameBytes
    const data =
      decoder === undefined ? stored : decoder.frame(stored, { byteOffset, elementPath, maxFrameBytes })
    if (data.length <= maxFrameBytes) return data
    const problem = `a frame of ${data.length} bytes is over the limit of ${maxFrameBytes} bytes`
    throw new MkvLimitError(problem, 'maxFrameBytes', byteOffset, elementPath)
  }
}

type TrackState = { readonly decoder: ContentDecoder | undefined; readonly durationMs: number | undefined }

const DEFAULT_CLOCK = new SegmentClock(1_000_000)
const SIMPLE_BLOCK_PATH = 'Segment/Cluster/SimpleBlock'
const BLOCK_GROUP_PATH = 'Segment/Cluster/BlockGroup'
