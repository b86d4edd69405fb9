/** A text track's cue, with its times by every clock. */
export type Cue = {
  readonly type: 'cue'
  /** When it shows, by the wall clock: as the `wallClock` of its frame. */
  readonly wallClock: Date | null
  /** When it goes; `null` where its duration or the wall clock is not known. */
  readonly endWallClock: Date | null
  /** Milliseconds from the first frame of any track, on the timeline that `MkvSegmentMerger` gives the same stream. */
  readonly startMs: number
  /** `undefined` where its duration is not known. */
  readonly endMs: number | undefined
  readonly durationMs: number | undefined
  /** Milliseconds on the segment's own clock. */
  readonly timestampMs: number
  readonly fragmentNumber: string | null
  readonly track: CueTrack
  /** What it says, without markup: lines end in `\n`. Empty for a cue that clears the screen. */
  readonly plainText: string
  /** The text as it was sent, with its codec's markup; the fields before it are left out, and so is all from its first NUL on. */
  readonly text: string
  /** WebVTT: the cue's identifier and its settings (`align:start line:0`), where it has them. */
  readonly identifier?: string
  readonly settings?: string
  /** SSA and ASS: the fields before the text. */
  readonly ass?: AssFields
}

export type CueTrack = {
  readonly number: number
  readonly name: string | undefined
  readonly language: string
  readonly codecId: string
}

/** Fields of an event of SSA or ASS, as Matroska stores it; `undefined` where there is no number. */
export type AssFields = {
  /** The event's place in the script. */
  readonly readOrder: number | undefined
  /** ASS only. */
  readonly layer: number | undefined
  readonly style: string
  /** Who speaks. */
  readonly name: string
  readonly marginL: number | undefined
  readonly marginR: number | undefined
  readonly marginV: number | undefined
  readonly effect: string
}
