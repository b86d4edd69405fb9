import { MkvReader, type MkvReaderOptions } from '../matroska/reader/mkv-reader.ts'
import { type Engine, EngineStage } from '../streams/engine-stage.ts'
import type { FragmentEvent } from './events.ts'
import { FragmentAssembler } from './fragment-assembler.ts'

/**
 * Bytes in, `FragmentEvent`s out: the work of `MkvChunkDemuxer` and `TagExtractor` in one stage, for a session that has
 * no use for the `MkvEvent`s between them. Memory: 64 KiB of input, 8 events, one frame or metadata element that is still
 * coming, and the tags of one document.
 */
export class PayloadReader extends EngineStage<Uint8Array> {
  constructor(options: MkvReaderOptions = {}) {
    super(new PayloadEngine(options), {
      writableObjectMode: false,
      writableHighWaterMark: 64 * 1024,
      readableHighWaterMark: 8,
    })
  }
}

class PayloadEngine implements Engine<Uint8Array> {
  readonly #reader: MkvReader
  readonly #assembler = new FragmentAssembler({ fragmentEnd: 'token', errorTags: 'raise' })
  /** What the assembler failed with; it may still hold events from before. */
  #failure: unknown

  constructor(options: MkvReaderOptions) {
    this.#reader = new MkvReader(options)
  }

  push(chunk: Uint8Array): void {
    this.#reader.push(chunk)
  }

  end(): void {
    this.#reader.end()
  }

  next(): FragmentEvent | undefined {
    for (;;) {
      const event = this.#assembler.next()
      if (event !== undefined) return event
      if (this.#failure !== undefined) throw this.#failure
      const read = this.#reader.next()
      if (read === undefined) return undefined
      try {
        const first = this.#assembler.push(read)
        if (first !== undefined) return first
      } catch (error) {
        this.#failure = error
      }
    }
  }
}
