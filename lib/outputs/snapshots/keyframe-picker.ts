import { OptionError } from '../../core/errors.ts'
import { numberOption } from '../../core/options.ts'
import type { FragmentEvent, FragmentFrame } from '../../get-media/events.ts'
import { randomAccessOf } from '../../matroska/codecs/random-access.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { describe, TrackChoice } from '../elementary/track-choice.ts'
import { framesText } from '../shared/frames-written.ts'
import { OutputError } from '../shared/output-error.ts'
import { ElapsedTime } from './elapsed-time.ts'

export type KeyframePickerOptions = {
  /** The first keyframe in each so many milliseconds. */
  readonly everyMs?: number
  /** Every n-th keyframe; frames between them do not count. */
  readonly everyNth?: number
  /** Its number or its name. @default the first video track */
  readonly track?: number | string
}

/** Options that may be there and `undefined`. */
type Given<T> = { readonly [K in keyof T]: T[K] | undefined }

/** A keyframe, and what a decoder needs to make a picture of it alone. */
export type KeyframeSample = {
  /** With the codec, its CodecPrivate and the picture's size. */
  readonly track: Track
  /** The frame as it came, with the container's own key flag; its `data` are a copy. */
  readonly frame: FragmentFrame
  readonly wallClock: Date | null
  readonly fragmentNumber: string | null
  readonly timestampMs: number
  /** Counts samples, from 0. */
  readonly index: number
}

/** Picks keyframes of one track out of a stream; synchronous, and holds nothing. */
export class KeyframePicker {
  readonly #output: string
  readonly #choice: TrackChoice
  readonly #everyMs: number | undefined
  readonly #everyNth: number
  readonly #elapsed = new ElapsedTime()
  #tracks: readonly Track[] = []
  #isChosen = false
  #track: Track | undefined
  /** Frames of any track, and of the chosen one. */
  #receivedFrames = 0
  #trackFrames = 0
  #keyframes = 0
  #dueMs = 0
  #index = 0

  /** `output` is the class that picks, for errors. */
  constructor(output: string, options: Given<KeyframePickerOptions>) {
    this.#output = output
    const { everyMs, everyNth, track } = options
    if (everyMs !== undefined && everyNth !== undefined) {
      throw new OptionError('everyNth', 'not be set together with `everyMs`', everyNth)
    }
    this.#everyMs = everyMs === undefined ? undefined : numberOption('everyMs', everyMs, 0, { min: 1 })
    this.#everyNth = numberOption('everyNth', everyNth, 1, { min: 1, integer: true })
    this.#choice = new TrackChoice({
      output,
      track,
      fits: ({ type }) => type === 'video',
      wanted: 'no video track',
    })
  }

  /** Throws `OutputError` where the stream does not have the track, and for an encrypted one. */
  push(event: FragmentEvent): KeyframeSample | undefined {
    if (event.type === 'fragment-start') {
      this.#tracks = event.tracks
      this.#isChosen = false
    }
    return event.type === 'frame' ? this.#frame(event) : undefined
  }

  /** Throws `OutputError` where frames came, and not one that a picture can be made of; to be called when no more come. */
  checkPicked(): void {
    if (this.#receivedFrames === 0 || this.#index > 0) return
    const track = this.#track === undefined ? 'the chosen track' : `track ${describe(this.#track)}`
    const problem =
      this.#trackFrames === 0
        ? `${framesText(this.#receivedFrames)} came, and none is of ${track}; set \`track\` to another one`
        : `none of the ${framesText(this.#trackFrames)} of ${track} is a keyframe that shows a whole picture by itself`
    throw new OutputError(this.#output, problem)
  }

  #frame(frame: FragmentFrame): KeyframeSample | undefined {
    this.#receivedFrames++
    if (!this.#isChosen) {
      this.#isChosen = true
      this.#track = this.#choice.of(this.#tracks)
    }
    const track = this.#track
    if (track === undefined || frame.track !== track.number) return undefined
    this.#trackFrames++
    const access = randomAccessOf(track, frame)
    const elapsedMs = this.#elapsed.at(frame, access !== 'none', track.defaultDurationMs)
    // After a gradual random access point the picture is complete only some frames later.
    if (access !== 'full' || !this.#isDue(elapsedMs)) return undefined
    const { wallClock, fragmentNumber, timestampMs } = frame
    return { track, frame: copyOf(frame), wallClock, fragmentNumber, timestampMs, index: this.#index++ }
  }

  #isDue(elapsedMs: number): boolean {
    const everyMs = this.#everyMs
    if (everyMs === undefined) return this.#keyframes++ % this.#everyNth === 0
    if (elapsedMs < this.#dueMs) return false
    // Counted from the first sample, so that keyframes that are a little late do not make each of the next ones later.
    this.#dueMs = (Math.floor(elapsedMs / everyMs) + 1) * everyMs
    return true
  }
}

/** A sample may be kept for long, and must not keep the transport chunk that its frame lies in. */
function copyOf(frame: FragmentFrame): FragmentFrame {
  const { type, fragmentNumber, track, timestampMs, wallClock, keyframe } = frame
  const { invisible, discardable, durationMs, laceIndex, data, blockAdditions } = frame
  return {
    ...{ type, fragmentNumber, track, timestampMs, wallClock, keyframe },
    ...{ invisible, discardable, durationMs, laceIndex },
    data: Uint8Array.from(data),
    ...(blockAdditions === undefined
      ? {}
      : { blockAdditions: blockAdditions.map(each => ({ ...each, data: Uint8Array.from(each.data) })) }),
  }
}
