import { Writable } from 'readable-stream'
import { OptionError } from '../errors.ts'
import { choiceOption, knownOptions, optionNames } from '../options.ts'
import { failWrite, wrongBytes } from '../stages/check-input.ts'
import { AtomicFile } from './atomic-file.ts'
import { followSignal, WriteQueue } from './write-queue.ts'

export type FileSinkOptions = {
  /** Where the file goes; its directory is made if it is not there. */
  readonly path: string
  /** Whether a stream that ends without bytes makes an empty file. @default 'write' */
  readonly emptyFile?: 'write' | 'skip'
  /** Destroys the sink when it fires, with `AbortError`; the file so far is kept. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<FileSinkOptions>({ path: true, emptyFile: true, signal: true })

type Callback = (error?: Error | null) => void

/**
 * A Writable of bytes or text, such as a payload as it came or a `TagTable`: a file that has its name only once the stream
 * has ended, or has failed and brought something. On a full disk it ends with the last chunk that is in it whole. Emits
 * `file` with its path, and `close` when all is done, for which a `pipeline` that fails does not wait. Memory: 64 KiB.
 */
export class FileSink extends Writable {
  readonly #path: string
  readonly #emptyFile: 'write' | 'skip'
  readonly #queue = new WriteQueue()
  #unfollow: () => void = () => {}
  #file: AtomicFile | undefined
  #bytes = 0
  /** A chunk is in the file in part. */
  #isTorn = false

  constructor(options: FileSinkOptions) {
    knownOptions('FileSink', options, OPTIONS)
    super({ highWaterMark: 64 * 1024 })
    const { path, signal } = options
    if (typeof path !== 'string' || path === '') throw new OptionError('path', 'be a file name', path)
    this.#path = path
    this.#emptyFile = choiceOption('emptyFile', options.emptyFile, 'write', ['write', 'skip'])
    this.#unfollow = followSignal('FileSink', this, signal)
  }

  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const wrong = wrongBytes('FileSink', chunk)
    if (wrong !== undefined) return failWrite(this, wrong, encoding, callback)
    return super.write(chunk, encoding as string, callback as Callback)
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    this.#queue.run(async () => {
      this.#file ??= await AtomicFile.open(this.#path)
      this.#isTorn = true
      await this.#file.writeAll([chunk], this.#bytes)
      this.#bytes += chunk.length
      this.#isTorn = false
    }, callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(async () => {
      if (this.#emptyFile === 'write') this.#file ??= await AtomicFile.open(this.#path)
      await this.#finish()
    }, callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    this.#queue.run(
      () => this.#finish(),
      later => callback(error ?? later ?? null),
    )
  }

  async #finish(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    if (this.#isTorn && this.#bytes === 0) return await file.discard()
    if (this.#isTorn) await file.handle.truncate(this.#bytes)
    await file.commit()
    this.emit('file', { path: file.path })
  }
}
