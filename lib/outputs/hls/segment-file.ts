import type { Chunk } from '../mp4/chunker.ts'
import { AtomicFile } from '../shared/atomic-file.ts'

/** A segment that is being written: some movie fragments, one after the other. */
export class SegmentFile {
  readonly startedAt: Date | null
  readonly startMs: number
  endMs: number
  readonly #file: AtomicFile
  #startsWithKeyframe: boolean | undefined
  #bytes = 0
  /** A movie fragment is in the file in part. */
  #isTorn = false

  private constructor(file: AtomicFile, first: Chunk) {
    this.#file = file
    this.startedAt = first.startedAt
    this.startMs = first.startMs
    this.endMs = first.startMs
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
    return this.endMs - this.startMs
  }

  /** Whether it can be decoded without what came before: also where it has nothing of the track that players seek by. */
  get startsWithKeyframe(): boolean {
    return this.#startsWithKeyframe ?? true
  }

  async add({ endMs, startsWithKeyframe }: Chunk, pieces: readonly Uint8Array[]): Promise<void> {
    this.#isTorn = true
    await this.#file.writeAll(pieces, this.#bytes)
    this.#isTorn = false
    this.#bytes += pieces.reduce((sum, { length }) => sum + length, 0)
    this.endMs = Math.max(this.endMs, endMs)
    this.#startsWithKeyframe ??= startsWithKeyframe
  }

  /** Gives it its name; false where nothing is in it whole, and so nothing of it is left. */
  async finish(): Promise<boolean> {
    if (this.#bytes === 0) {
      await this.#file.discard()
      return false
    }
    if (this.#isTorn) await this.#file.handle.truncate(this.#bytes)
    await this.#file.commit()
    return true
  }
}
