/** What `LateFailure` needs to know of a stream; every Readable and Transform fits. */
export type ConsumedStream = {
  readonly readableLength: number
  readonly readableFlowing: boolean | null
  listenerCount(event: string): number
}

/**
 * Lets a stage fail only after its reader has taken what came before the failure. `destroy(error)` alone would
 * throw the readable buffer away, and with it frames that had arrived whole.
 *
 * The error waits until the buffer is empty and the reader is ready for more. A stream that is paused is not
 * ready: `pipe` pauses its source while the destination is full, and `Readable.toWeb` while the web stream is;
 * an error at that moment would make both drop what they hold. As with `end`, a reader that never reads on is
 * never told.
 *
 * ```ts
 * readonly #late = new LateFailure(this)
 * override read(size?: number) {
 *   const chunk = super.read(size)
 *   this.#late.consumed()
 *   return chunk
 * }
 * // where the error comes:
 * this.#late.fail(error, error => this.destroy(error))
 * ```
 */
export class LateFailure {
  readonly #stream: ConsumedStream
  #failure: { readonly error: Error; readonly settle: (error: Error) => void } | undefined

  constructor(stream: ConsumedStream) {
    this.#stream = stream
  }

  /** The error that waits; `undefined` when there is none, or when it was handed over. */
  get pending(): Error | undefined {
    return this.#failure?.error
  }

  /** Calls `settle(error)` once, now or as soon as the reader has taken everything. The first failure counts. */
  fail(error: Error, settle: (error: Error) => void): void {
    this.#failure ??= { error, settle }
    this.consumed()
  }

  /** To be called after each `read()`. */
  consumed(): void {
    const failure = this.#failure
    if (failure === undefined || !this.#readerIsReady()) return
    this.#failure = undefined
    failure.settle(failure.error)
  }

  /** Drops the failure that waits: the stream was destroyed for another reason. */
  cancel(): void {
    this.#failure = undefined
  }

  #readerIsReady(): boolean {
    const { readableLength, readableFlowing } = this.#stream
    if (readableLength > 0) return false
    // With a 'readable' listener (async iteration has one) `flowing` is false too, and nobody resumes.
    return readableFlowing !== false || this.#stream.listenerCount('readable') > 0
  }
}
