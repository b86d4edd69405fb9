import type { Segment } from '../../hls/playlist.ts'

type Retired = { readonly name: string; readonly untilMs: number }

/**
 * Files that a live playlist no longer lists, and that players may still be reading: a segment stays for its own duration
 * and that of the longest playlist that listed it (RFC 8216, section 6.2.2), counted in what has come since; a header as
 * long as a segment that needs it.
 */
export class RetiredFiles {
  #nowMs = 0
  #files: Retired[] = []
  /** By header: when the last of its segments goes. */
  readonly #inits = new Map<string, number>()

  /** A segment of this duration has been listed. */
  pass(durationMs: number): void {
    this.#nowMs += durationMs
  }

  /** Files of an earlier writer, of which nothing more is known. */
  addNames(names: readonly string[], playlistMs: number): void {
    const untilMs = this.#nowMs + playlistMs
    this.#files.push(...names.map(name => ({ name, untilMs })))
  }

  /** A segment that a playlist of `playlistMs` has listed. */
  add({ uri, initUri, durationMs }: Segment, playlistMs: number): void {
    const untilMs = this.#nowMs + durationMs + playlistMs
    this.#files.push({ name: uri, untilMs })
    this.#inits.set(initUri, untilMs)
  }

  /** Names of files that can go now; headers in `used` cannot. */
  takeDue(used: ReadonlySet<string>): string[] {
    const due = this.#files.filter(({ untilMs }) => untilMs <= this.#nowMs).map(({ name }) => name)
    this.#files = this.#files.filter(({ untilMs }) => untilMs > this.#nowMs)
    for (const [name, untilMs] of this.#inits) {
      if (untilMs > this.#nowMs || used.has(name)) continue
      due.push(name)
      this.#inits.delete(name)
    }
    return due
  }
}
