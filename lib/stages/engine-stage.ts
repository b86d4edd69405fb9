import { Transform } from 'readable-stream'
import { AbortError } from '../errors.ts'
import { signalOption } from '../options.ts'
import { LateFailure } from './late-failure.ts'

type Callback = (error?: Error | null) => void

export type EngineStageOptions = {
  readonly writableObjectMode: boolean
  readonly writableHighWaterMark: number
  /** Events made ahead of the reader. */
  readonly readableHighWaterMark: number
  readonly signal?: AbortSignal | undefined
}

/** A synchronous engine: takes what comes in, and gives events one by one until it gives `undefined`. */
export type Engine<In> = {
  push(chunk: In): void
  /** Says that nothing more comes. */
  end(): void
  next(): unknown
}

/**
 * The stream around an engine. It makes events only as fast as they are read, also inside one large chunk; and when
 * the engine fails, or `fail` is called, every event from before is read first.
 */
export class EngineStage<In> extends Transform {
  readonly #engine: Engine<In>
  readonly #late = new LateFailure(this)
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.destroy(new AbortError(this.constructor.name, this.#signal?.reason))
  /** Goes on with the chunk under way, once its reader wants more. */
  #goOn: (() => void) | undefined
  #failure: Error | undefined

  constructor(engine: Engine<In>, options: EngineStageOptions) {
    super({
      readableObjectMode: true,
      writableObjectMode: options.writableObjectMode,
      writableHighWaterMark: options.writableHighWaterMark,
      readableHighWaterMark: options.readableHighWaterMark,
    })
    this.#engine = engine
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

  override _transform(chunk: In, _encoding: string, callback: Callback): void {
    this.#try(callback, () => this.#engine.push(chunk))
  }

  override _flush(callback: Callback): void {
    const failure = this.#failure
    if (failure !== undefined) this.#late.fail(failure, callback)
    else this.#try(callback, () => this.#engine.end())
  }

  override _read(size: number): void {
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
    // The chunk is done: Transform may have kept the writer's callback for the next read, and this is it.
    if (this.#goOn === undefined) super._read(size)
  }

  override read(size?: number): ReturnType<Transform['read']> {
    const chunk = super.read(size)
    this.#late.consumed()
    return chunk
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#late.cancel()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#goOn = undefined
    super._destroy(error, callback)
  }

  /** An engine that fails may still hold events from before the failure. */
  #try(callback: Callback, work: () => void): void {
    let failure: Error | undefined
    try {
      work()
    } catch (error) {
      failure = error as Error
    }
    this.#give(callback, failure)
  }

  #give(callback: Callback, failure: Error | undefined): void {
    let outcome = failure
    try {
      for (let event = this.#engine.next(); event !== undefined; event = this.#engine.next()) {
        if (!this.push(event)) {
          this.#goOn = () => this.#give(callback, failure)
          return
        }
      }
    } catch (error) {
      outcome = error as Error
    }
    if (outcome === undefined) callback()
    else this.#late.fail(outcome, callback)
  }
}
