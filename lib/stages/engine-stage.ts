import { Transform } from 'readable-stream'
import { AbortError } from '../errors.ts'
import { signalOption } from '../options.ts'
import { LateFailure } from './late-failure.ts'
import { handOn, isReaderOpen, isWriterOpen } from './short-way.ts'

type Callback = (error?: Error | null) => void

export type EngineStageOptions = {
  readonly writableObjectMode: boolean
  readonly writableHighWaterMark: number
  /** Events made ahead of the reader. */
  readonly readableHighWaterMark: number
  readonly signal?: AbortSignal | undefined
}

/**
 * A synchronous engine: takes what comes in, and gives events one by one until it gives `undefined`. `push` may give the
 * first of them.
 */
export type Engine<In> = {
  push(chunk: In): unknown
  /** Says that nothing more comes. */
  end(): void
  next(): unknown
}

/**
 * The stream around an engine. It makes events only as fast as they are read, also inside one large chunk; and when
 * the engine fails, or `fail` is called, every event from before is read first.
 *
 * While the reader flows and nothing waits, what is written goes straight to the engine, and its events straight to the
 * reader.
 */
export class EngineStage<In> extends Transform {
  readonly #engine: Engine<In>
  readonly #takesObjects: boolean
  readonly #late = new LateFailure(this)
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.destroy(new AbortError(this.constructor.name, this.#signal?.reason))
  /** Who waits for the chunk under way, or for the end. */
  #callback: Callback | undefined
  /** The reader is full; `_read` goes on with the chunk under way. */
  #isHeldBack = false
  /** `read` is asking: what is given now goes into its buffer, and from there to the reader. */
  #isReading = false
  /** The engine has been given what `_write` is called with. */
  #isPushed = false
  /** What the engine failed with; it may still hold events from before. */
  #engineFailure: Error | undefined
  #failure: Error | undefined

  constructor(engine: Engine<In>, options: EngineStageOptions) {
    super({
      readableObjectMode: true,
      writableObjectMode: options.writableObjectMode,
      writableHighWaterMark: options.writableHighWaterMark,
      readableHighWaterMark: options.readableHighWaterMark,
    })
    this.#engine = engine
    this.#takesObjects = options.writableObjectMode
    this.#signal = signalOption('signal', options.signal)
    if (this.#signal?.aborted) this.#onAbort()
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /**
   * Ends this stage with an error, after all that was written before has come out of it. What feeds a stage and
   * breaks off calls this in place of `destroy`, which would throw away what is still inside.
   */
  fail(error: Error): void {
    if (this.destroyed || this.writableEnded) return
    this.#failure = error
    this.end()
  }

  /** What need not wait goes straight to the engine. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (encoding !== undefined || callback !== undefined || !this.#isOpen(chunk))
      return super.write(chunk, encoding as string, callback as Callback)
    try {
      const first = this.#engine.push(chunk)
      for (let event = first ?? this.#engine.next(); event !== undefined; event = this.#engine.next()) {
        handOn(this, event)
        if (this.#isPassing()) continue
        // The reader wants no more for now. The rest goes the long way, where the writer is held back.
        this.#isPushed = true
        return super.write(chunk)
      }
    } catch (error) {
      this.#engineFailure = error as Error
      // From here on all goes the long way: `_write` fails once what came before is read.
      return super.write(chunk)
    }
    return true
  }

  override _write(chunk: In, _encoding: string, callback: Callback): void {
    this.#callback = callback
    let first: unknown
    try {
      if (this.#engineFailure === undefined && !this.#isPushed) first = this.#engine.push(chunk)
    } catch (error) {
      this.#engineFailure = error as Error
    }
    this.#isPushed = false
    this.#give(first)
  }

  override _flush(callback: Callback): void {
    const failure = this.#failure
    if (failure !== undefined) {
      this.#late.fail(failure, callback)
      return
    }
    this.#callback = callback
    try {
      this.#engine.end()
    } catch (error) {
      this.#engineFailure = error as Error
    }
    this.#give()
  }

  override _read(): void {
    if (!this.#isHeldBack) return
    this.#isHeldBack = false
    this.#isReading = true
    this.#give()
    this.#isReading = false
  }

  override read(size?: number): ReturnType<Transform['read']> {
    const chunk = super.read(size)
    this.#late.consumed()
    return chunk
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#late.cancel()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#isHeldBack = false
    super._destroy(error, callback)
  }

  /** Gives the reader what the engine has, as long as it takes it; then calls back. */
  #give(first?: unknown): void {
    try {
      for (let event = first ?? this.#engine.next(); event !== undefined; event = this.#engine.next()) {
        if (!this.#deliver(event)) {
          this.#isHeldBack = true
          return
        }
      }
    } catch (error) {
      this.#engineFailure = error as Error
    }
    const callback = this.#callback
    this.#callback = undefined
    if (this.#engineFailure === undefined) callback?.()
    else if (callback !== undefined) this.#late.fail(this.#engineFailure, callback)
  }

  /** Hands on one event; false when the reader wants no more for now. */
  #deliver(event: unknown): boolean {
    if (!this.#isPassing()) return this.push(event)
    handOn(this, event)
    return true
  }

  /** Whether an event that comes now would be with the reader at once. */
  #isPassing(): boolean {
    return !this.#isReading && isReaderOpen(this)
  }

  /** Whether what is written now need not wait, nor be refused. */
  #isOpen(chunk: unknown): chunk is In {
    return (
      isWriterOpen(this) &&
      this.#engineFailure === undefined &&
      (this.#takesObjects ? chunk !== null : Buffer.isBuffer(chunk)) &&
      this.#isPassing()
    )
  }
}
