import { Transform } from 'readable-stream'
import { AbortError } from '../core/errors.ts'
import { signalOption } from '../core/options.ts'
import { failWrite, wrongBytes } from './check-input.ts'
import { LateFailure } from './late-failure.ts'
import { isWriterOpen, ShortWay } from './short-way.ts'

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
  readonly #short = new ShortWay(this)
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.destroy(new AbortError(this.constructor.name, this.#signal?.reason))
  /** Who waits for the chunk under way, or for the end. */
  #callback: Callback | undefined
  /** The reader is full; `_read` goes on with the chunk under way. */
  #isHeldBack = false
  /** `read` is asking: what is given now goes into its buffer, and from there to the reader. */
  #isReading = false
  /** The engine holds events of what was written the short way. */
  #isBusy = false
  /** What a listener wrote, or ended, in the middle of that: it comes behind. */
  #waiting: (() => void) | undefined
  /** What `_write` is called with has been pushed: its rest is to be given. */
  #isRest = false
  /** What came of the engine. It may still hold events from before, unless it is spent. */
  #engineFailure: Error | undefined
  #isSpent = false
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

  /** What need not wait goes straight to the engine, and its events to the reader. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (encoding !== undefined || callback !== undefined || !this.takeNow(chunk)) {
      const wrong = this.#takesObjects ? undefined : wrongBytes(this.constructor.name, chunk)
      if (wrong !== undefined) return failWrite(this, wrong, encoding, callback)
      return super.write(chunk, encoding as string, callback as Callback)
    }
    return !this.destroyed && !this.writableNeedDrain
  }

  /** @internal Takes what need not wait, as `write` does; false where it must. */
  takeNow(chunk: unknown): boolean {
    if (!this.#isOpen(chunk)) return false
    this.#isBusy = true
    for (let event = this.#push(chunk) ?? this.#next(); event !== undefined; event = this.#next()) {
      this.#handOn(event)
      if (!this.#isPassing()) {
        this.#giveRest(chunk)
        return true
      }
    }
    if (this.#engineFailure === undefined) this.#goOn()
    else this.#giveRest(chunk)
    return true
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    super.pipe(destination, options)
    // Not one whose `write` is somebody else's.
    if (destination instanceof EngineStage && destination.write === EngineStage.prototype.write)
      this.#short.pipedTo(destination)
    return destination
  }

  override _write(chunk: In, encoding: string, callback: Callback): void {
    if (this.#isBusy) {
      this.#waiting = () => this._write(chunk, encoding, callback)
      return
    }
    this.#callback = callback
    const first = this.#isRest || this.#engineFailure !== undefined ? undefined : this.#push(chunk)
    this.#isRest = false
    this.#give(first)
  }

  override _flush(callback: Callback): void {
    if (this.#isBusy) {
      this.#waiting = () => this._flush(callback)
      return
    }
    const failure = this.#failure
    if (failure !== undefined) {
      this.#late.fail(failure, callback)
      return
    }
    this.#callback = callback
    try {
      if (this.#engineFailure === undefined) this.#engine.end()
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
    this.#waiting = undefined
    super._destroy(error, callback)
  }

  /** Gives the reader what the engine has, as long as it takes it; then calls back. */
  #give(first?: unknown): void {
    for (let event = first ?? this.#next(); event !== undefined; event = this.#next()) {
      if (!this.#deliver(event)) {
        this.#isHeldBack = true
        return
      }
    }
    const callback = this.#callback
    this.#callback = undefined
    if (callback === undefined) this.#goOn()
    else if (this.#engineFailure === undefined) callback()
    else this.#late.fail(this.#engineFailure, callback)
  }

  /** The reader wants no more in the middle of what was written the short way, or the engine has failed. */
  #giveRest(chunk: unknown): void {
    if (this.destroyed) return
    if (isWriterOpen(this)) {
      // It stands in the queue until all of it is given, so that its writer is held back.
      this.#isBusy = false
      this.#isRest = true
      super.write(chunk)
    } else {
      // A listener has written more, corked or ended: that comes behind.
      this.#give()
    }
  }

  /** All is given of what was written the short way. */
  #goOn(): void {
    this.#isBusy = false
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  /** What the engine has failed with is told behind the events that it holds from before. */
  #push(chunk: In): unknown {
    try {
      return this.#engine.push(chunk)
    } catch (error) {
      this.#engineFailure ??= error as Error
      return undefined
    }
  }

  /** `undefined` where the engine has nothing, and where it has failed: then it is not asked again. */
  #next(): unknown {
    if (this.#isSpent) return undefined
    try {
      return this.#engine.next()
    } catch (error) {
      this.#spend(error)
      return undefined
    }
  }

  #spend(error: unknown): void {
    this.#engineFailure ??= error as Error
    this.#isSpent = true
  }

  /** Hands on one event; false when the reader wants no more for now. */
  #deliver(event: unknown): boolean {
    if (this.#isPassing()) {
      this.#handOn(event)
      return true
    }
    return this.push(event)
  }

  #handOn(event: unknown): void {
    try {
      this.#short.handOn(event)
    } catch (error) {
      this.#spend(error)
    }
  }

  /** Whether an event that comes now would be with the reader at once. */
  #isPassing(): boolean {
    return !this.#isReading && this.#short.isOpen
  }

  /** Whether what is written now need not wait, nor be refused. */
  #isOpen(chunk: unknown): chunk is In {
    return (
      !this.#isBusy &&
      isWriterOpen(this) &&
      this.#engineFailure === undefined &&
      (this.#takesObjects ? chunk !== null : Buffer.isBuffer(chunk)) &&
      this.#isPassing()
    )
  }
}
