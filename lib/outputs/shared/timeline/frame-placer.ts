import type { FragmentEvent, FragmentFrame, FragmentStart } from '../../../get-media/events.ts'
import { type RandomAccessJudge, randomAccessJudge } from '../../../matroska/codecs/random-access.ts'
import type { Track } from '../../../matroska/reader/tracks.ts'
import { OutputError } from '../output-error.ts'
import { AacNormalizer } from './aac-normalizer.ts'
import type { Rotation } from './rotation.ts'
import { sameTracks } from './same-tracks.ts'
import { type Gaps, type PlacedFrame, Timeline } from './timeline.ts'

/** What an output is to write next. It begins with `begin`, and begins again where its tracks or its file change. */
export type PlacerStep = BeginStep | FrameStep | FragmentEndStep

export type BeginStep = {
  readonly type: 'begin'
  readonly reason: 'first' | 'tracks' | 'rotation'
  /** Those that are written. */
  readonly tracks: readonly Track[]
  /** Wall-clock time of its first frame, and the fragment that it begins with. */
  readonly startedAt: Date | null
  readonly fragmentNumber: string | null
}

/** Its frame's `keyframe` says whether decoding can begin with it, whatever the container's flag says. */
export type FrameStep = { readonly type: 'frame'; readonly placed: PlacedFrame }

/** All that is to be had of a fragment has been placed. */
export type FragmentEndStep = { readonly type: 'fragment-end' }

/** What a change of tracks does: the timeline goes on, or counts from zero again, or it is an `OutputError`. */
export type TrackChange = 'continue' | 'restart' | 'error'

export type FramePlacerOptions = {
  /** The output's class, for errors. */
  readonly output: string
  readonly gaps: Gaps
  readonly onTrackChange: TrackChange
  readonly rotation?: Rotation | undefined
  /** Which of a fragment's tracks are written; frames of others are passed over. @default all */
  readonly select?: (tracks: readonly Track[]) => readonly Track[]
}

/**
 * Puts the frames of fragments on one rising timeline, and says where the tracks change and where a new file begins: what
 * every container needs. It is synchronous and writes nothing. Memory: that of `Timeline` and `AacNormalizer`.
 */
export class FramePlacer {
  readonly #output: string
  readonly #aac: AacNormalizer
  readonly #timeline: Timeline
  readonly #onTrackChange: TrackChange
  readonly #rotation: Rotation | undefined
  readonly #select: (tracks: readonly Track[]) => readonly Track[]
  #start: FragmentStart | undefined
  #isChecked = false
  #tracks: readonly Track[] = []
  /** By the numbers of the tracks that are written. */
  #judges: ReadonlyMap<number, RandomAccessJudge> = new Map()
  #declared: ReadonlySet<number> = new Set()
  #lead: Track | undefined
  #next: BeginStep['reason'] | undefined = 'first'
  #receivedFrames = 0
  #unselectedFrames = 0

  constructor({ output, gaps, onTrackChange, rotation, select = tracks => tracks }: FramePlacerOptions) {
    this.#output = output
    this.#aac = new AacNormalizer(output)
    this.#timeline = new Timeline(gaps)
    this.#onTrackChange = onTrackChange
    this.#rotation = rotation
    this.#select = select
  }

  /** All frames that came. */
  get receivedFrames(): number {
    return this.#receivedFrames
  }

  /** Frames of tracks that `select` has left out. */
  get unselectedFrames(): number {
    return this.#unselectedFrames
  }

  /** Throws `OutputError` for a frame of a track that its fragment does not declare, and for a change that may not be. */
  push(event: FragmentEvent): PlacerStep[] {
    switch (event.type) {
      case 'fragment-start':
        return this.#startFragment(event)
      case 'frame':
        return this.#aac.passes(event) ? this.#frame(event) : this.#frames(this.#aac.push(event))
      case 'warning':
        return []
      default:
        // Whatever ends a fragment, in the order or not: what is held of it has its place now.
        return [...this.end(), { type: 'fragment-end' }]
    }
  }

  /** Nothing more comes. */
  end(): PlacerStep[] {
    return [...this.#frames(this.#aac.flush()), ...this.#give(this.#timeline.flush())]
  }

  #frames(frames: readonly FragmentFrame[]): PlacerStep[] {
    return frames.flatMap(frame => this.#frame(frame))
  }

  #startFragment(start: FragmentStart): PlacerStep[] {
    const steps = this.end()
    this.#start = start
    this.#isChecked = false
    this.#aac.startFragment(start.tracks)
    this.#timeline.startFragment(start)
    this.#rotation?.countFragment()
    return steps
  }

  #frame(frame: FragmentFrame): PlacerStep[] {
    this.#receivedFrames++
    if (!this.#isChecked) this.#checkTracks()
    const judge = this.#judges.get(frame.track)
    if (judge === undefined) {
      if (this.#declared.has(frame.track)) {
        this.#unselectedFrames++
        return []
      }
      throw new OutputError(this.#output, this.#undeclared(frame))
    }
    const judged = withKeyframe(frame, judge(frame) !== 'none')
    if (this.#isTimeToRotate(judged)) {
      this.#next = 'rotation'
      this.#timeline.restart()
    }
    return this.#give(this.#timeline.place(judged))
  }

  #undeclared({ track, fragmentNumber }: FragmentFrame): string {
    const fragment = fragmentNumber === null ? 'the document' : `fragment ${fragmentNumber}`
    if (this.#declared.size > 0) return `a frame of track ${track}, which ${fragment} does not declare`
    return `a frame of track ${track} came before any Tracks of ${fragment}, and cannot be written without its codec`
  }

  /** Only once a fragment brings frames do its tracks count: those without are often half a header. */
  #checkTracks(): void {
    this.#isChecked = true
    const declared = this.#aac.tracks
    const tracks = this.#select(declared)
    this.#declared = new Set(declared.map(({ number }) => number))
    if (sameTracks(tracks, this.#tracks)) return
    const isFirst = this.#tracks.length === 0
    if (!isFirst && this.#onTrackChange === 'error') {
      const problem = `the tracks or their codec data change with fragment ${this.#start?.fragmentNumber ?? ''}`
      throw new OutputError(this.#output, problem)
    }
    this.#tracks = tracks
    this.#judges = new Map(tracks.map(track => [track.number, randomAccessJudge(track)]))
    this.#lead = leadTrack(tracks)
    this.#next = isFirst ? 'first' : 'tracks'
    if (!isFirst && this.#onTrackChange === 'restart') this.#timeline.restart()
    this.#timeline.setTracks(tracks)
  }

  #isTimeToRotate(frame: FragmentFrame): boolean {
    if (this.#rotation === undefined || this.#timeline.isHolding || this.#next !== undefined) return false
    if (frame.track !== this.#lead?.number || !frame.keyframe) return false
    return this.#rotation.isDue(this.#timeline.timeOf(frame) ?? 0)
  }

  #give(placed: readonly PlacedFrame[]): PlacerStep[] {
    const steps: PlacerStep[] = []
    for (const item of placed) {
      if (this.#next !== undefined) steps.push(this.#begin(this.#next, item.frame))
      this.#rotation?.countBytes(item.frame.data.length)
      steps.push({ type: 'frame', placed: item })
    }
    return steps
  }

  #begin(reason: BeginStep['reason'], { wallClock, fragmentNumber }: FragmentFrame): BeginStep {
    this.#next = undefined
    this.#rotation?.begin()
    return { type: 'begin', reason, tracks: this.#tracks, startedAt: wallClock, fragmentNumber }
  }
}

/** A copy of the frame only where the container's flag says otherwise. */
function withKeyframe(frame: FragmentFrame, keyframe: boolean): FragmentFrame {
  if (frame.keyframe === keyframe) return frame
  // Spread does not copy `wallClock`, which is a getter of the class of frames.
  return { ...frame, wallClock: frame.wallClock, keyframe }
}

/** The track that players seek by, at whose keyframes files, segments and chunks begin: the first of video, else the first. */
export function leadTrack(tracks: readonly Track[]): Track | undefined {
  return tracks.find(({ type }) => type === 'video') ?? tracks[0]
}
