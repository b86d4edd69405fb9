import type { AtomicFile } from '../shared/atomic-file.ts'

/** Zeros that are written at once. */
const ZEROS = Buffer.alloc(1024 * 1024)

/**
 * Keeps room on the disk for what is still to be written of a file whose index comes last: without it, a full disk would cost
 * all that is in it. The room is made of zeros, which what comes overwrites, most often before the disk has seen them.
 */
export class RoomAhead {
  readonly #file: AtomicFile
  #upTo = 0

  constructor(file: AtomicFile) {
    this.#file = file
  }

  /** Resolves when the file has room up to `position`; rejects with the file system's error where the disk has none. */
  async make(position: number): Promise<void> {
    while (this.#upTo < position) {
      await this.#file.writeAll([ZEROS], this.#upTo)
      this.#upTo += ZEROS.length
    }
  }

  has(position: number): boolean {
    return position <= this.#upTo
  }

  /** Takes away what is not used. */
  async end(fileBytes: number): Promise<void> {
    await this.#file.handle.truncate(fileBytes)
  }
}
