import type { FragmentEvent } from '../../get-media/events.ts'
import { type BeginStep, type FramePlacer, leadTrack } from '../shared/timeline/frame-placer.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'

/** What a fragmented MP4 holds: `begin` for each header, then chunks. */
export type ChunkStep = BeginStep | Chunk

export type Chunk = {
  readonly type: 'chunk'
  /** In the order in which they came. */
  readonly frames: readonly PlacedFrame[]
  /** Whether decoding can begin with it: at a keyframe of the track that players seek by; `undefined` where that has none. */
  readonly startsWithKeyframe: boolean | undefined
  /** Whether its Kinesis Video fragment ends with it, so that the next chunk is likely to begin with a keyframe. */
  readonly endsFragment: boolean
  readonly startMs: number
  readonly endMs: number
  /** Wall-clock time of its first moment. */
  readonly startedAt: Date | null
}

/** A chunk holds its frames in memory until it is written: it ends at the next good place, and then at any. */
const ENOUGH_BYTES = 4 * 1024 * 1024
const MOST_BYTES = 8 * 1024 * 1024
/** So many frames show by how much video is sent in another order than it is shown in, which the header has to say. */
const TELLING_FRAMES = 4
/** A frame that is shown so much later than all before it is not of their chunk: no duration has to say that much. */
const LONGEST_PAUSE_MS = 60_000

/**
 * Groups frames into chunks, each a movie fragment: a chunk ends with its Kinesis Video fragment, so that nothing that is
 * here has to wait, before a keyframe, and after `chunkMs`, there before a frame that is shown after all that came: where
 * video is sent in another order than it is shown in, decode times are known only for what lies between two such frames.
 */
export class Chunker {
  readonly #placer: FramePlacer
  readonly #chunkMs: number
  #leadNumber: number | undefined
  #frames: PlacedFrame[] = []
  #bytes = 0
  /** Of the lead track: its frames in the chunk, whether the first was a keyframe, and the latest time in the output. */
  #leadFrames = 0
  #startsWithKeyframe = false
  #leadMs = Number.NEGATIVE_INFINITY
  /** The header is on its way. */
  #isBegun = false
  #startMs = Number.POSITIVE_INFINITY
  #endMs = 0

  constructor(placer: FramePlacer, chunkMs: number) {
    this.#placer = placer
    this.#chunkMs = chunkMs
  }

  push(event: FragmentEvent): ChunkStep[] {
    const steps: ChunkStep[] = []
    for (const step of this.#placer.push(event)) {
      if (step.type === 'frame') this.#add(step.placed, steps)
      else this.#cut(steps, true)
      if (step.type === 'begin') this.#begin(step, steps)
    }
    return steps
  }

  end(): ChunkStep[] {
    const steps: ChunkStep[] = []
    for (const step of this.#placer.end()) {
      if (step.type === 'begin') this.#begin(step, steps)
      else if (step.type === 'frame') this.#add(step.placed, steps)
    }
    this.#cut(steps, true)
    return steps
  }

  #begin(step: BeginStep, steps: ChunkStep[]): void {
    steps.push(step)
    this.#leadNumber = leadTrack(step.tracks)?.number
    this.#leadMs = Number.NEGATIVE_INFINITY
    this.#isBegun = false
  }

  #add(placed: PlacedFrame, steps: ChunkStep[]): void {
    const { frame, timeMs, endMs } = placed
    const isLead = frame.track === this.#leadNumber
    if (this.#isTimeToCut(placed, isLead)) this.#cut(steps, false)
    this.#frames.push(placed)
    this.#bytes += frame.data.length
    this.#startMs = Math.min(this.#startMs, timeMs)
    this.#endMs = Math.max(this.#endMs, endMs)
    if (!isLead) return
    if (this.#leadFrames++ === 0) this.#startsWithKeyframe = frame.keyframe
    this.#leadMs = Math.max(this.#leadMs, timeMs)
  }

  #isTimeToCut({ frame, timeMs }: PlacedFrame, isLead: boolean): boolean {
    if (this.#frames.length === 0) return false
    if (this.#bytes >= MOST_BYTES || timeMs - this.#endMs >= LONGEST_PAUSE_MS) return true
    const isLong = timeMs - this.#startMs >= this.#chunkMs || this.#bytes >= ENOUGH_BYTES
    if (isLead && frame.keyframe) return this.#leadFrames > 0 && (isLong || !this.#startsWithKeyframe)
    if (!isLead) return isLong && this.#leadFrames === 0
    if (timeMs <= this.#leadMs) return false
    return isLong && this.#leadFrames >= (this.#isBegun ? 1 : TELLING_FRAMES)
  }

  #cut(steps: ChunkStep[], endsFragment: boolean): void {
    const frames = this.#frames
    if (frames.length === 0) return
    const { frame, timeMs } = frames[0]!
    const firstMs = frame.wallClock === null ? undefined : frame.wallClock.getTime() - timeMs + this.#startMs
    steps.push({
      type: 'chunk',
      frames,
      startsWithKeyframe: this.#leadFrames === 0 ? undefined : this.#startsWithKeyframe,
      endsFragment,
      startMs: this.#startMs,
      endMs: this.#endMs,
      startedAt: firstMs === undefined ? null : new Date(firstMs),
    })
    this.#isBegun = true
    this.#frames = []
    this.#bytes = 0
    this.#leadFrames = 0
    this.#startMs = Number.POSITIVE_INFINITY
    this.#endMs = 0
  }
}
