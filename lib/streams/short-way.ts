import { EventEmitter } from 'node:events'
import { type Duplex, Readable } from 'readable-stream'

/**
 * The short way through a stage: while its reader flows and nothing waits, what comes may be handed on at once, which is
 * all that `push` comes to then, behind its checks and with a turn of the event loop ordered for each. The long way takes
 * three times as long for an object, and for a chunk of bytes ten microseconds.
 *
 * It reads what streams and emitters keep of themselves, which package.json pins to one version: each getter on the way there costs 5 ns. What looks otherwise, as
 * another version's may, goes the long way. Each stage has one of its own, made with it: to the compiler these are all
 * alike, where the stages are not, which saves a twelfth of a frame's time.
 */
export class ShortWay {
  readonly #stream: Readable & Emitter
  readonly #reader: ReaderState
  /** A promise that a listener gives is to be watched then; a stream asks for that when it is made. */
  readonly #watchesListeners = EventEmitter.captureRejections
  #pipe: Pipe | undefined

  constructor(stream: Readable) {
    this.#stream = stream as Readable & Emitter
    this.#reader = stream._readableState as ReaderState
  }

  /** Whether what comes now would be with the reader at once. */
  get isOpen(): boolean {
    const { flowing, length, destroyed, decoder, dataEmitted } = this.#reader
    return flowing === true && length === 0 && destroyed === false && decoder === null && dataEmitted === true
  }

  /**
   * The stream has just been piped to a stage. While that is all that reads it, items go there without `pipe`'s own
   * listener, which knows no stage from any other: of call audio through demuxer and extractor, a twelfth more comes so.
   */
  pipedTo(stage: Taker): void {
    const listener = this.#stream._events?.data
    const isSole = typeof listener === 'function' && this.#reader.pipes[0] === stage
    this.#pipe = isSole ? { listener, stage } : undefined
  }

  /**
   * Hands an item to the reader, where it is open: `emit('data', item)`, without the way through `emit` where there is one
   * listener, and nobody has an `emit` of his own. Of call audio through demuxer and extractor, a sixth more comes so.
   */
  handOn(item: unknown): void {
    const stream = this.#stream
    const listener = stream._events?.data
    const isPlain = !this.#watchesListeners && stream.emit === PLAIN_EMIT
    if (isPlain && typeof listener === 'function') {
      // What the stage cannot take now goes by the listener, which holds the stream back.
      if (listener !== this.#pipe?.listener || !this.#pipe.stage.takeNow(item)) listener.call(stream, item)
    }
    // A reader that is away for a moment gets it when it is back.
    else if (!stream.emit('data', item)) stream.push(item)
  }
}

/** Whether what is written now need not wait, nor be refused for the end. */
export function isWriterOpen(stream: Duplex): boolean {
  const { length, corked, ending } = stream._writableState
  return length === 0 && corked === 0 && ending === false
}

/** A stage that takes what need not wait; false where it must. */
type Taker = { takeNow(item: unknown): boolean }

type Pipe = { readonly listener: unknown; readonly stage: Taker }

type ReaderState = Readable['_readableState'] & {
  readonly decoder: unknown
  readonly pipes: readonly unknown[]
  /** The reader has read once, or listened. */
  readonly dataEmitted: boolean
}

type Emitter = { readonly _events?: { readonly data?: unknown } }

const PLAIN_EMIT = Readable.prototype.emit
