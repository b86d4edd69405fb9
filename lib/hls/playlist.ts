/** An HLS media playlist (RFC 8216, section 4.3). */

export type Segment = {
  readonly uri: string
  /** Of the header that it needs. */
  readonly initUri: string
  readonly durationMs: number
  /** Wall-clock time of its first moment. */
  readonly startedAt: Date | null
  readonly startsWithKeyframe: boolean
  /** Its times do not follow on from those of the segment before, or it has another header. */
  readonly isDiscontinuous: boolean
}

/** What a playlist says, from its first segment on. */
export type PlaylistFacts = {
  readonly mediaSequence: number
  readonly discontinuitySequence: number
  readonly segments: readonly Segment[]
}

export type PlaylistOptions = {
  /** A live playlist lists so many of the latest; `undefined` lists all. */
  readonly windowSegments: number | undefined
  /** What segments are meant to last. */
  readonly segmentMs: number
  /** What it goes on with. */
  readonly earlier?: PlaylistFacts | undefined
}

/** Of fragmented MP4, and with dates: protocol version 7 has both. */
const VERSION = 7
/** A live playlist is never shorter than so many target durations (section 6.2.2). */
const LEAST_TARGETS = 3

/** The segments of one stream. */
export class Playlist {
  readonly #windowSegments: number | undefined
  readonly #segmentMs: number
  #segments: Segment[]
  #mediaSequence: number
  #discontinuitySequence: number
  #isEnded = false

  constructor({ windowSegments, segmentMs, earlier }: PlaylistOptions) {
    this.#windowSegments = windowSegments
    this.#segmentMs = segmentMs
    this.#segments = [...(earlier?.segments ?? [])]
    this.#mediaSequence = earlier?.mediaSequence ?? 0
    this.#discontinuitySequence = earlier?.discontinuitySequence ?? 0
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get durationMs(): number {
    return this.#segments.reduce((sum, { durationMs }) => sum + durationMs, 0)
  }

  /** Appends a segment; gives those that are no longer listed. */
  add(segment: Segment): Segment[] {
    this.#segments.push(segment)
    const left: Segment[] = []
    while (this.#isTooLong()) {
      const first = this.#segments.shift()!
      this.#mediaSequence++
      if (first.isDiscontinuous) this.#discontinuitySequence++
      left.push(first)
    }
    return left
  }

  /** Nothing is added any more. */
  end(): void {
    this.#isEnded = true
  }

  toString(): string {
    const lines = [
      '#EXTM3U',
      `#EXT-X-VERSION:${VERSION}`,
      `#EXT-X-TARGETDURATION:${this.#targetSeconds()}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.#mediaSequence}`,
      // All that it lists stays, also when it has ended (section 4.3.3.5).
      ...(this.#windowSegments === undefined ? ['#EXT-X-PLAYLIST-TYPE:EVENT'] : []),
    ]
    if (this.#discontinuitySequence > 0) {
      lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${this.#discontinuitySequence}`)
    }
    if (this.#segments.every(({ startsWithKeyframe }) => startsWithKeyframe)) {
      lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
    }
    let initUri: string | undefined
    for (const segment of this.#segments) {
      if (segment.isDiscontinuous) lines.push('#EXT-X-DISCONTINUITY')
      if (segment.initUri !== initUri) {
        initUri = segment.initUri
        lines.push(`#EXT-X-MAP:URI="${initUri}"`)
      }
      const { startedAt, durationMs, uri } = segment
      if (startedAt !== null) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${startedAt.toISOString()}`)
      lines.push(`#EXTINF:${(durationMs / 1000).toFixed(3)},`, uri)
    }
    if (this.#isEnded) lines.push('#EXT-X-ENDLIST')
    return `${lines.join('\n')}\n`
  }

  #isTooLong(): boolean {
    if (this.#segments.length <= (this.#windowSegments ?? Number.POSITIVE_INFINITY)) return false
    const leftMs = this.durationMs - this.#segments[0]!.durationMs
    return leftMs >= LEAST_TARGETS * this.#targetSeconds() * 1000
  }

  /** Rounded to the nearest second, no segment may be longer (section 4.3.3.1). One long segment counts while it is listed. */
  #targetSeconds(): number {
    const longestMs = Math.max(...this.#segments.map(({ durationMs }) => durationMs))
    return Math.max(1, Math.ceil(this.#segmentMs / 1000), Math.round(longestMs / 1000))
  }
}
