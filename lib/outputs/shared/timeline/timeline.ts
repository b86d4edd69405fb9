import type { FragmentFrame, FragmentStart } from '../../../get-media/events.ts'
import type { Track } from '../../../matroska/reader/tracks.ts'
import { FragmentClock, LONGEST_GAP_MS, type Moment } from './fragment-clock.ts'
import { FrameDurations } from './frame-durations.ts'
import { LONGEST_STEP_MS, TrackTimes } from './track-times.ts'

/**
 * One rising timeline out of fragments whose timestamps repeat, go back or jump.
 *
 * Within a fragment the timestamps are the producer's, moved by one offset. The offset is looked at again where they do
 * not follow on: a *joint*. At a joint, and where an output begins, a few frames are held until each track has shown one,
 * since audio and video seldom begin together and the offset must suit them all.
 */

export type Gaps = 'keep' | 'close'

/** A frame and its place, in whole milliseconds from the output's start. */
export type PlacedFrame = {
  readonly frame: FragmentFrame
  readonly timeMs: number
  readonly endMs: number
  /** The first that is placed of its fragment. */
  readonly startsFragment: boolean
}

type Held = { readonly frame: FragmentFrame; readonly atMs: number; readonly durationMs: number | undefined }

/** Beyond the end of what came before, less than this is jitter, and no gap. */
const JITTER_MS = 100
/** A step back of less, of a track without keyframes to go by, is a producer's overlap and no other clock. */
const OVERLAP_MS = 1000
/** Frames that are enough at a joint, once each track has shown one: so many cover leading B-frames. */
const ENOUGH_FRAMES = 8
const MOST_FRAMES = 256
const MOST_BYTES = 16 * 1024 * 1024

/** Memory: at a joint 256 frames or 16 MiB, and never more than one fragment; else one entry for each track. */
export class Timeline {
  readonly #gaps: Gaps
  #tracks: ReadonlyMap<number, Track> = new Map()
  #durations = new FrameDurations([])
  #hasMedia = false
  readonly #times = new Map<number, TrackTimes>()
  /** What is added to a timestamp; `undefined` where the output begins. */
  #offsetMs: number | undefined
  #endMs = 0
  #clock = new FragmentClock()
  #last: Moment | undefined
  #held: Held[] = []
  #heldBytes = 0
  #isFirstOfFragment = true

  constructor(gaps: Gaps) {
    this.#gaps = gaps
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Where a frame goes if it just follows on; `undefined` where an output begins. */
  timeOf(frame: FragmentFrame): number | undefined {
    return this.#offsetMs === undefined ? undefined : frame.timestampMs + this.#offsetMs
  }

  /** The next frames begin an output of their own, at zero. Nothing may be held. */
  restart(): void {
    this.#times.clear()
    this.#offsetMs = undefined
    this.#endMs = 0
    this.#last = undefined
  }

  /** The next frames are of these tracks, whose numbers need not mean what they meant. */
  setTracks(tracks: readonly Track[]): void {
    this.#tracks = new Map(tracks.map(track => [track.number, track]))
    this.#durations = new FrameDurations(tracks)
    this.#hasMedia = tracks.some(isMedia)
    this.#times.clear()
  }

  startFragment(start: FragmentStart): void {
    this.#clock = new FragmentClock(start)
    this.#isFirstOfFragment = true
    for (const times of this.#times.values()) times.startFragment()
  }

  /** Takes a frame of a known track; gives it, and those held before it, when their place is known. */
  place(frame: FragmentFrame): PlacedFrame[] {
    const { containerMs, codecMs } = this.#durations.of(frame)
    const held = { frame, atMs: frame.timestampMs, durationMs: containerMs ?? codecMs }
    this.#clock.saw(held.atMs)
    if (!this.isHolding && !this.#isJoint(held)) return [this.#put(held)]
    this.#held.push(held)
    this.#heldBytes += frame.data.length
    return this.#hasEnough() ? this.flush() : []
  }

  /** Places what is held; the fragment is over, or nothing more comes. */
  flush(): PlacedFrame[] {
    if (!this.isHolding) return []
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    const isJoint = this.#last !== undefined && !this.#isEndGuessed()
    this.#offsetMs = this.#offsetFor(held)
    if (isJoint && this.#gaps === 'close') return this.#joined(held).map(frame => this.#put(frame))
    return held.map(frame => this.#put(frame))
  }

  #isJoint(held: Held): boolean {
    const { frame, atMs } = held
    if (this.#offsetMs === undefined) return true
    const outMs = atMs + this.#offsetMs
    const times = this.#times.get(frame.track)
    const isBehind = times === undefined ? outMs < this.#endMs - OVERLAP_MS : this.#isBehind(outMs, held)
    if (this.#isFirstOfFragment) return isBehind || outMs > this.#endMs + this.#jitterMs(frame.track)
    if (Math.abs(outMs - this.#endMs) > LONGEST_GAP_MS) return true
    if (!isBehind) return false
    // A keyframe is behind no frame before it; others are, where frames are sent in another order than they are shown.
    const isVideo = this.#tracks.get(frame.track)!.type === 'video'
    return isVideo ? frame.keyframe : outMs <= (times?.lastMs ?? this.#endMs) - OVERLAP_MS
  }

  /** Behind the track's own last frame; cues may show together. */
  #isBehind(outMs: number, { frame }: Held): boolean {
    const { lastMs } = this.#times.get(frame.track)!
    return this.#isCue(frame.track) ? outMs < lastMs : outMs <= lastMs
  }

  /** Shows over what is seen and heard, which does not wait for its end. */
  #isCue(track: number): boolean {
    return this.#hasMedia && !isMedia(this.#tracks.get(track)!)
  }

  #jitterMs(track: number): number {
    if (this.#isEndGuessed()) return LONGEST_STEP_MS
    return Math.max(JITTER_MS, this.#times.get(track)?.stepMs ?? 0)
  }

  /** Nothing tells how long the last frames last: what comes next may be a gap away, or at once in a slow stream. */
  #isEndGuessed(): boolean {
    return ![...this.#times.values()].some(({ isEndKnown }) => isEndKnown)
  }

  #hasEnough(): boolean {
    if (this.#held.length >= MOST_FRAMES || this.#heldBytes >= MOST_BYTES) return true
    if (this.#held.length < ENOUGH_FRAMES) return false
    return new Set(this.#held.map(({ frame }) => frame.track)).size >= this.#tracks.size
  }

  /**
   * The offset that suits one track leaves a gap in another: there the first picture is shown as soon as the last one is
   * over. A browser does not go on at a gap of video that is wider than about two frames.
   */
  #joined(held: readonly Held[]): readonly Held[] {
    const first = new Map<number, Held>()
    for (const item of held) {
      const { track } = item.frame
      if (this.#tracks.get(track)!.type !== 'video' || !this.#times.has(track)) continue
      if (item.atMs < (first.get(track)?.atMs ?? Number.POSITIVE_INFINITY)) first.set(track, item)
    }
    return held.map(item => {
      if (first.get(item.frame.track) !== item) return item
      const endMs = this.#times.get(item.frame.track)!.endMs
      return { ...item, atMs: Math.min(item.atMs, endMs - this.#offsetMs!) }
    })
  }

  #offsetFor(held: readonly Held[]): number {
    const firstMs = new Map<number, number>()
    for (const { frame, atMs } of held) {
      firstMs.set(frame.track, Math.min(atMs, firstMs.get(frame.track) ?? Number.POSITIVE_INFINITY))
    }
    const earliestMs = Math.min(...firstMs.values())
    if (this.#last === undefined) return -earliestMs
    // The least offset with which no track goes back, nor into the duration of its own last frame.
    const least = Array.from(firstMs, ([track, ms]) => (this.#roomFrom(track) ?? this.#endMs) - ms)
    const closed = Math.max(...least)
    if (this.#gaps === 'close' && !this.#isEndGuessed()) return closed
    const kept = this.#clock.offsetMs(this.#last, earliestMs, { closed, kept: this.#offsetMs! })
    return this.#gaps === 'keep' || kept <= closed + LONGEST_STEP_MS ? kept : closed
  }

  /** Where there is room for more of a track; `undefined` where it has had nothing yet. */
  #roomFrom(track: number): number | undefined {
    const times = this.#times.get(track)
    return this.#isCue(track) ? times?.lastMs : times?.endMs
  }

  #put({ frame, atMs, durationMs }: Held): PlacedFrame {
    const exactMs = atMs + this.#offsetMs!
    let times = this.#times.get(frame.track)
    if (times === undefined) {
      times = new TrackTimes(this.#tracks.get(frame.track)!.type === 'video')
      this.#times.set(frame.track, times)
    }
    const timeMs = times.add(exactMs, durationMs)
    this.#endMs = Math.max(this.#endMs, this.#roomFrom(frame.track)!)
    if (this.#last === undefined || exactMs >= this.#last.outMs)
      this.#last = this.#clock.moment(exactMs, atMs)
    const startsFragment = this.#isFirstOfFragment
    this.#isFirstOfFragment = false
    return { frame, timeMs, endMs: times.endMs, startsFragment }
  }
}

function isMedia({ type }: Track): boolean {
  return type === 'video' || type === 'audio'
}
