import { Writable } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import { failWrite, wrongBytes } from '../../streams/check-input.ts'
import { AtomicFile } from '../shared/atomic-file.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'

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
  /** Chunks whose write has not succeeded: some may be in the file, the last of them in part. */
  #unwritten: readonly Uint8Array[] = []

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
    this.#write([chunk], callback)
  }

  /** Chunks that came during a write go into one: a write of its own for each row of a table costs more than the row. */
  override _writev(items: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    this.#write(
      items.map(({ chunk }) => chunk),
      callback,
    )
  }

  #write(chunks: readonly Uint8Array[], callback: Callback): void {
    this.#queue.run(async () => {
      this.#file ??= await AtomicFile.open(this.#path)
      this.#unwritten = chunks
      await this.#file.writeAll(chunks, this.#bytes)
      for (const { length } of chunks) this.#bytes += length
      this.#unwritten = []
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
    const isTorn = this.#unwritten.length > 0
    if (isTorn) await this.#countWholeChunks(file)
    if (isTorn && this.#bytes === 0) return await file.discard()
    if (isTorn) await file.handle.truncate(this.#bytes)
    await file.commit()
    this.emit('file', { path: file.path })
  }

  async #countWholeChunks(file: AtomicFile): Promise<void> {
    const { size } = await file.handle.stat()
    for (const { length } of this.#unwritten) {
      if (this.#bytes + length > size) break
      this.#bytes += length
    }
  }
}
