/** What is used of the package `matroska-subtitles`, which has no types of its own. */
declare module 'matroska-subtitles' {
  /** A Writable of bytes of Matroska. */
  export class SubtitleParser {
    write(bytes: Uint8Array): boolean
    on(event: 'subtitle', listener: (subtitle: Subtitle, track: number) => void): this
  }

  /** A cue. The fields are those of SSA and ASS alone. */
  export type Subtitle = {
    readonly text: string
    /** Milliseconds: the block's time on the segment's clock. */
    readonly time: number
    /** Milliseconds; `NaN` for a block that has none. */
    readonly duration: number
    readonly layer?: string
    readonly style?: string
    readonly name?: string
    readonly marginL?: string
    readonly marginR?: string
    readonly marginV?: string
    readonly effect?: string
  }
}
