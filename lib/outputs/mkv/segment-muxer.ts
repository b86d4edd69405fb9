import type { Track } from '../../mkv/tracks.ts'
import type { FragmentEvent, FragmentFrame, FragmentStart } from '../../stages/events.ts'
import { OutputError } from '../output-error.ts'
import { type Gaps, type PlacedFrame, Timeline } from '../timeline/timeline.ts'
import { type BlockPieces, simpleBlockPieces, timedBlockPieces } from './block-head.ts'
import type { Rotation } from './rotation.ts'
import { sameTracks } from './same-tracks.ts'

/** What is to be written next. A segment begins with `segment`, a cluster with `cluster`; the blocks after it are its. */
export type MuxStep = SegmentStep | ClusterStep | BlockStep

export type SegmentStep = {
  readonly type: 'segment'
  readonly reason: 'first' | 'tracks' | 'rotation'
  readonly tracks: readonly Track[]
  /** Wall-clock time of its first frame, and the fragment that it begins with. */
  readonly startedAt: Date | null
  readonly fragmentNumber: string | null
}

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

/** What a change of tracks does: a segment behind the others on the same timeline, one that counts from zero, or an `OutputError`. */
export type TrackChange = 'continue' | 'restart' | 'error'

export type SegmentMuxerOptions = {
  readonly gaps: Gaps
  readonly onTrackChange: TrackChange
  readonly rotation?: Rotation | undefined
}

/** A keyframe begins a new cluster when the one under way has lasted so long; so does any frame where there is no video. */
const SHORT_CLUSTER_MS = 1000
const LONG_CLUSTER_MS = 5000
/** A block's time is 16 bits from its cluster's (RFC 9559, section 10.1). */
const MOST_RELATIVE_MS = 0x7fff

/** Decides what a Matroska output of `FragmentEvent`s holds, block for block. It is synchronous and writes nothing. */
export class SegmentMuxer {
  readonly #timeline: Timeline
  readonly #onTrackChange: TrackChange
  readonly #rotation: Rotation | undefined
  #start: FragmentStart | undefined
  /** The tracks of the segment under way, and the one that players seek by. */
  #tracks: readonly Track[] = []
  #byNumber: ReadonlyMap<number, Track> = new Map()
  #seekTrack: Track | undefined
  #nextSegment: SegmentStep['reason'] | undefined = 'first'
  #clusterMs: number | undefined
  #hasSeekPoint = false
  #isChecked = false

  constructor({ gaps, onTrackChange, rotation }: SegmentMuxerOptions) {
    this.#timeline = new Timeline(gaps)
    this.#onTrackChange = onTrackChange
    this.#rotation = rotation
  }

  /** Throws `OutputError` for a frame of a track that its fragment does not declare, and for a change that may not be. */
  push(event: FragmentEvent): MuxStep[] {
    switch (event.type) {
      case 'fragment-start':
        return this.#startFragment(event)
      case 'frame':
        return this.#frame(event)
      default:
        // Whatever ends a fragment, in the order or not: what is held of it has its place now.
        return this.#write(this.#timeline.flush())
    }
  }

  end(): MuxStep[] {
    return this.#write(this.#timeline.flush())
  }

  #startFragment(start: FragmentStart): MuxStep[] {
    const steps = this.end()
    this.#start = start
    this.#isChecked = false
    this.#timeline.startFragment(start)
    this.#rotation?.countFragment()
    return steps
  }

  #frame(frame: FragmentFrame): MuxStep[] {
    const steps = this.#isChecked ? [] : this.#checkTracks()
    if (!this.#byNumber.has(frame.track)) {
      const problem = `a frame of track ${frame.track}, which its fragment ${frame.fragmentNumber ?? ''} does not declare`
      throw new OutputError('MKV', problem)
    }
    if (this.#isTimeToRotate(frame)) {
      this.#nextSegment = 'rotation'
      this.#timeline.restart()
    }
    steps.push(...this.#write(this.#timeline.place(frame)))
    return steps
  }

  /** Only once a fragment brings frames do its tracks count: those without are often half a header. */
  #checkTracks(): MuxStep[] {
    this.#isChecked = true
    const tracks = this.#start?.tracks ?? []
    if (sameTracks(tracks, this.#tracks)) return []
    const isFirst = this.#tracks.length === 0
    if (!isFirst && this.#onTrackChange === 'error') {
      const problem = `the tracks or their codec data change with fragment ${this.#start?.fragmentNumber ?? ''}`
      throw new OutputError('MKV', problem)
    }
    this.#tracks = tracks
    this.#byNumber = new Map(tracks.map(track => [track.number, track]))
    this.#seekTrack = tracks.find(({ type }) => type === 'video') ?? tracks[0]
    this.#nextSegment = isFirst ? 'first' : 'tracks'
    if (!isFirst && this.#onTrackChange === 'restart') this.#timeline.restart()
    this.#timeline.setTracks(tracks)
    return []
  }

  #isTimeToRotate(frame: FragmentFrame): boolean {
    if (this.#rotation === undefined || this.#timeline.isHolding || this.#nextSegment !== undefined)
      return false
    if (frame.track !== this.#seekTrack?.number || !frame.keyframe) return false
    return this.#rotation.isDue(this.#timeline.timeOf(frame) ?? 0)
  }

  #write(placed: readonly PlacedFrame[]): MuxStep[] {
    const steps: MuxStep[] = []
    for (const item of placed) {
      if (this.#nextSegment !== undefined) steps.push(this.#beginSegment(this.#nextSegment, item.frame))
      if (this.#needsCluster(item)) {
        this.#clusterMs = Math.max(0, item.timeMs)
        this.#hasSeekPoint = false
        steps.push({ type: 'cluster', timeMs: this.#clusterMs })
      }
      steps.push(this.#block(item))
    }
    return steps
  }

  #beginSegment(reason: SegmentStep['reason'], { wallClock, fragmentNumber }: FragmentFrame): SegmentStep {
    this.#nextSegment = undefined
    this.#clusterMs = undefined
    this.#rotation?.begin()
    return { type: 'segment', reason, tracks: this.#tracks, startedAt: wallClock, fragmentNumber }
  }

  #needsCluster({ frame, timeMs, startsFragment }: PlacedFrame): boolean {
    if (this.#clusterMs === undefined || startsFragment) return true
    const relativeMs = timeMs - this.#clusterMs
    if (Math.abs(relativeMs) > MOST_RELATIVE_MS) return true
    if (this.#seekTrack?.type !== 'video') return relativeMs >= LONG_CLUSTER_MS
    return frame.track === this.#seekTrack.number && frame.keyframe && relativeMs >= SHORT_CLUSTER_MS
  }

  #block({ frame, timeMs, endMs }: PlacedFrame): BlockStep {
    const { track, durationMs, keyframe } = frame
    const relativeMs = timeMs - this.#clusterMs!
    const hasOwnDuration = durationMs !== undefined && lastsOtherwise(durationMs, this.#byNumber.get(track)!)
    const pieces = hasOwnDuration
      ? timedBlockPieces(frame, relativeMs, durationMs)
      : simpleBlockPieces(frame, relativeMs)
    this.#rotation?.countBytes(frame.data.length)
    const isSeekPoint = !this.#hasSeekPoint && keyframe && track === this.#seekTrack?.number
    if (isSeekPoint) this.#hasSeekPoint = true
    return { type: 'block', pieces, track, timeMs, endMs, isSeekPoint }
  }
}

/** Whether a frame must say how long it lasts: pictures and sound only where their track does not, or says otherwise. */
function lastsOtherwise(durationMs: number, { type, defaultDurationMs }: Track): boolean {
  if (type !== 'video' && type !== 'audio') return true
  return durationMs !== defaultDurationMs && Math.round(durationMs) > 0
}
