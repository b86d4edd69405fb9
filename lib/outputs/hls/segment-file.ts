import { AtomicFile } from '../atomic-file.ts'
import type { Chunk } from '../mp4/chunker.ts'

/** A segment that is being written: some movie fragments, one after the other. */
export class SegmentFile {
  readonly startsWithKeyframe: boolean
  readonly startedAt: Date | null
  readonly #file: AtomicFile
  readonly #startMs: number
  #endMs: number
  #bytes = 0

  private constructor(file: AtomicFile, first: Chunk) {
    this.#file = file
    this.startsWithKeyframe = first.startsWithKeyframe
    this.startedAt = first.startedAt
    this.#startMs = first.startMs
    this.#endMs = first.endMs
  }

  /** Opens a segment that begins with `first`, which is still to be added. */
  static async open(path: string, first: Chunk): Promise<SegmentFile> {
    return new SegmentFile(await AtomicFile.open(path), first)
  }

  get path(): string {
    return this.#file.path
  }

  get bytes(): number {
    return this.#bytes
  }

  get durationMs(): number {
    return this.#endMs - this.#startMs
  }

  async add({ endMs }: Chunk, pieces: readonly Uint8Array[]): Promise<void> {
    await this.#file.writeAll(pieces, this.#bytes)
    this.#bytes += pieces.reduce((sum, { length }) => sum + length, 0)
    this.#endMs = Math.max(this.#endMs, endMs)
  }

  async finish(): Promise<void> {
    await this.#file.commit()
  }
}
