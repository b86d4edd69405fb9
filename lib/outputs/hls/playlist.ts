/** An HLS media playlist (RFC 8216, section 4.3). */

export type Segment = {
  readonly uri: string
  /** Of the header that it needs. */
  readonly initUri: string
  readonly durationMs: number
  /** Wall-clock time of its first moment. */
  readonly startedAt: Date | null
  readonly startsWithKeyframe: boolean
}

export type PlaylistOptions = {
  /** A live playlist lists so many of the latest; `undefined` lists all. */
  readonly windowSegments: number | undefined
  /** What segments are meant to last. */
  readonly segmentMs: number
}

/** Of fragmented MP4, and with dates: protocol version 7 has both. */
const VERSION = 7

/** The segments of one stream; a change of header is a discontinuity. */
export class Playlist {
  readonly #windowSegments: number | undefined
  #targetSeconds: number
  #segments: Segment[] = []
  #mediaSequence = 0
  #discontinuitySequence = 0
  #isEnded = false

  constructor({ windowSegments, segmentMs }: PlaylistOptions) {
    this.#windowSegments = windowSegments
    this.#targetSeconds = Math.max(1, Math.ceil(segmentMs / 1000))
  }

  get length(): number {
    return this.#segments.length
  }

  /** Appends a segment; gives those that are no longer listed. */
  add(segment: Segment): Segment[] {
    this.#segments.push(segment)
    // Rounded to the nearest second, no segment may be longer (section 4.3.3.1).
    this.#targetSeconds = Math.max(this.#targetSeconds, Math.round(segment.durationMs / 1000))
    const extra = this.#segments.length - (this.#windowSegments ?? Number.POSITIVE_INFINITY)
    const left: Segment[] = []
    for (let i = 0; i < extra; i++) {
      const [first, second] = this.#segments
      left.push(first!)
      this.#segments.shift()
      this.#mediaSequence++
      if (second !== undefined && second.initUri !== first!.initUri) this.#discontinuitySequence++
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
      `#EXT-X-TARGETDURATION:${this.#targetSeconds}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.#mediaSequence}`,
      ...this.#kind(),
    ]
    if (this.#discontinuitySequence > 0) {
      lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${this.#discontinuitySequence}`)
    }
    if (this.#segments.every(({ startsWithKeyframe }) => startsWithKeyframe)) {
      lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
    }
    let initUri: string | undefined
    for (const segment of this.#segments) {
      if (segment.initUri !== initUri) {
        if (initUri !== undefined) lines.push('#EXT-X-DISCONTINUITY')
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

  /** A playlist that keeps all may be played from its start, also while it grows. */
  #kind(): string[] {
    if (this.#windowSegments !== undefined) return []
    return [`#EXT-X-PLAYLIST-TYPE:${this.#isEnded ? 'VOD' : 'EVENT'}`]
  }
}
