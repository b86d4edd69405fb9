import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OptionError } from '../../core/errors.ts'

let opened = 0

/**
 * A file that appears under its name only when it is whole: it is written as `.NAME.PID-N.part` beside it, and
 * renamed. Its directory is made if it is not there. What a killed process leaves is the `.part`.
 */
export class AtomicFile {
  readonly path: string
  readonly handle: FileHandle
  readonly #temporaryPath: string

  private constructor(path: string, temporaryPath: string, handle: FileHandle) {
    this.path = path
    this.handle = handle
    this.#temporaryPath = temporaryPath
  }

  /** Opens a new file for writing and reading. Rejects with `OptionError` where `path` is there and no ordinary file. */
  static async open(path: string): Promise<AtomicFile> {
    const existing = await stat(path).catch(() => undefined)
    // A rename would put a file in the place of a device, a pipe or a directory.
    if (existing !== undefined && !existing.isFile()) {
      throw new OptionError('path', 'be an ordinary file, or one that is not there yet', path)
    }
    await mkdir(dirname(path), { recursive: true })
    const temporaryPath = join(dirname(path), `.${basename(path)}.${process.pid}-${++opened}.part`)
    return new AtomicFile(path, temporaryPath, await open(temporaryPath, 'w+'))
  }

  /** Writes all of the pieces, one after the other, from `position` on. */
  async writeAll(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    let rest = pieces.filter(piece => piece.length > 0)
    while (rest.length > 0) {
      const { bytesWritten } = await this.handle.writev(rest, at)
      at += bytesWritten
      rest = withoutFirst(rest, bytesWritten)
    }
  }

  /** Gives the file its name, replacing what had it; also where the last bytes could not be made safe, which rejects. */
  async commit(): Promise<void> {
    try {
      // A name that outlives a power failure must not name less than what was written.
      await this.handle.sync()
    } finally {
      await this.handle.close()
      await rename(this.#temporaryPath, this.path)
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.handle.close()
    await rm(this.#temporaryPath, { force: true })
  }
}

function withoutFirst(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  let index = 0
  while (index < pieces.length && left >= pieces[index]!.length) left -= pieces[index++]!.length
  const rest = pieces.slice(index)
  if (left > 0) rest[0] = rest[0]!.subarray(left)
  return rest
}
