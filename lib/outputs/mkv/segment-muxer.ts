import type { FragmentEvent, FragmentFrame } from '../../get-media/events.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { FrameDurations } from '../shared/timeline/frame-durations.ts'
import {
  type BeginStep,
  FramePlacer,
  type FramePlacerOptions,
  leadTrack,
  type PlacerStep,
} from '../shared/timeline/frame-placer.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'
import { type BlockPieces, blockGroupPieces, needsBlockGroup, simpleBlockPieces } from './block-head.ts'

/** What is to be written next. A segment begins with `begin`, a cluster with `cluster`; the blocks after it are its. */
export type MuxStep = BeginStep | ClusterStep | BlockStep

export type ClusterStep = { readonly type: 'cluster'; readonly timeMs: number }

export type BlockStep = {
  readonly type: 'block'
  readonly pieces: BlockPieces
  readonly track: number
  readonly timeMs: number
  /** Where the output ends with this block. */
  readonly endMs: number
  /** The first keyframe of the cluster on the track that players seek by. */
  readonly isSeekPoint: boolean
}

/** A keyframe begins a new cluster when the one under way has lasted so long; so does any frame where there is no video. */
const SHORT_CLUSTER_MS = 1000
const LONG_CLUSTER_MS = 5000
/** A block's time is 16 bits from its cluster's (RFC 9559, section 10.1). */
const MOST_RELATIVE_MS = 0x7fff

/** Decides what a Matroska output of `FragmentEvent`s holds, block for block. It is synchronous and writes nothing. */
export class SegmentMuxer {
  readonly #placer: FramePlacer
  /** The tracks of the segment under way, and the one that players seek by. */
  #byNumber: ReadonlyMap<number, Track> = new Map()
  #seekTrack: Track | undefined
  #durations = new FrameDurations([])
  #clusterMs: number | undefined
  #hasSeekPoint = false

  constructor(options: Omit<FramePlacerOptions, 'output' | 'select'>) {
    this.#placer = new FramePlacer({ output: 'MKV', ...options })
  }

  /** All frames that came. */
  get receivedFrames(): number {
    return this.#placer.receivedFrames
  }

  /** Throws as `FramePlacer` does. */
  push(event: FragmentEvent): MuxStep[] {
    return this.#write(this.#placer.push(event))
  }

  end(): MuxStep[] {
    return this.#write(this.#placer.end())
  }

  #write(placed: readonly PlacerStep[]): MuxStep[] {
    const steps: MuxStep[] = []
    for (const step of placed) {
      if (step.type === 'begin') steps.push(this.#beginSegment(step))
      else if (step.type === 'frame') this.#addFrame(step.placed, steps)
    }
    return steps
  }

  #beginSegment(step: BeginStep): BeginStep {
    this.#byNumber = new Map(step.tracks.map(track => [track.number, track]))
    this.#seekTrack = leadTrack(step.tracks)
    this.#durations = new FrameDurations(step.tracks)
    this.#clusterMs = undefined
    return step
  }

  #addFrame(placed: PlacedFrame, steps: MuxStep[]): void {
    if (this.#needsCluster(placed)) {
      this.#clusterMs = Math.max(0, placed.timeMs)
      this.#hasSeekPoint = false
      steps.push({ type: 'cluster', timeMs: this.#clusterMs })
    }
    steps.push(this.#block(placed))
  }

  #needsCluster({ frame, timeMs, startsFragment }: PlacedFrame): boolean {
    if (this.#clusterMs === undefined || startsFragment) return true
    const relativeMs = timeMs - this.#clusterMs
    if (Math.abs(relativeMs) > MOST_RELATIVE_MS) return true
    if (this.#seekTrack?.type !== 'video') return relativeMs >= LONG_CLUSTER_MS
    return frame.track === this.#seekTrack.number && frame.keyframe && relativeMs >= SHORT_CLUSTER_MS
  }

  #block({ frame, timeMs, endMs }: PlacedFrame): BlockStep {
    const { track, keyframe } = frame
    const relativeMs = timeMs - this.#clusterMs!
    const durationMs = this.#ownDurationMs(frame)
    const pieces =
      durationMs !== undefined || needsBlockGroup(frame)
        ? blockGroupPieces(frame, relativeMs, durationMs)
        : simpleBlockPieces(frame, relativeMs)
    const isSeekPoint = !this.#hasSeekPoint && keyframe && track === this.#seekTrack?.number
    if (isSeekPoint) this.#hasSeekPoint = true
    return { type: 'block', pieces, track, timeMs, endMs, isSeekPoint }
  }

  /** The duration that the block has to say, as its track and its codec do not. */
  #ownDurationMs(frame: FragmentFrame): number | undefined {
    const { containerMs, codecMs } = this.#durations.of(frame)
    if (containerMs === undefined || !lastsOtherwise(containerMs, this.#byNumber.get(frame.track)!))
      return undefined
    // A BlockDuration is in whole milliseconds, and the codec is more exact.
    const isCodecs = codecMs !== undefined && Math.abs(containerMs - codecMs) < ROUNDING_MS
    return isCodecs ? undefined : containerMs
  }
}

/** Half a millisecond of the payload's rounding, and a little. */
const ROUNDING_MS = 0.6

/** Whether a frame must say how long it lasts: pictures and sound only where their track does not, or says otherwise. */
function lastsOtherwise(durationMs: number, { type, defaultDurationMs }: Track): boolean {
  if (type !== 'video' && type !== 'audio') return true
  return durationMs !== defaultDurationMs && Math.round(durationMs) > 0
}
