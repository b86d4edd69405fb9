import type { FragmentEvent } from '../../get-media/events.ts'
import type { BeginStep } from '../shared/timeline/frame-placer.ts'
import type { Chunk, Chunker, ChunkStep } from './chunker.ts'
import { FragmentWriter, type Mp4Header } from './fragment-writer.ts'
import { loadMediabunny, withMediabunny } from './mediabunny-module.ts'

/** What a fragmented MP4 is made of, in its order. */
export type Mp4Piece =
  | (Mp4Header & { readonly type: 'header'; readonly begin: BeginStep; readonly startedAt: Date | null })
  | { readonly type: 'chunk'; readonly chunk: Chunk; readonly pieces: readonly Uint8Array[] }

/** Makes fragmented MP4 of what a `Chunker` groups: a header wherever the tracks begin or change, and chunks. */
export class FragmentedMp4 {
  readonly #output: string
  readonly #chunker: Chunker
  #writer: FragmentWriter | undefined
  /** A header is made with the first chunk behind it, of which it may need the parameter sets. */
  #begin: BeginStep | undefined

  constructor(output: string, chunker: Chunker) {
    this.#output = output
    this.#chunker = chunker
  }

  /** `undefined` where the event gives nothing yet: most are frames that only join the chunk under way. */
  push(event: FragmentEvent): AsyncIterable<Mp4Piece> | undefined {
    const steps = this.#chunker.push(event)
    return steps.length === 0 ? undefined : this.#pieces(steps)
  }

  end(): AsyncIterable<Mp4Piece> {
    return this.#pieces(this.#chunker.end())
  }

  async *#pieces(steps: readonly ChunkStep[]): AsyncGenerator<Mp4Piece> {
    for (const step of steps) {
      if (step.type === 'begin') {
        this.#begin = step
        this.#writer = new FragmentWriter(step.tracks)
        continue
      }
      // Frames without bytes are not written, and a header alone is not a file that plays.
      if (step.frames.every(({ frame }) => frame.data.length === 0)) continue
      const begin = this.#begin
      this.#begin = undefined
      if (begin !== undefined) {
        const mediabunny = await loadMediabunny(this.#output)
        const header = await withMediabunny(this.#output, () => this.#writer!.header(mediabunny, step))
        yield { type: 'header', begin, startedAt: step.startedAt, ...header }
      }
      yield { type: 'chunk', chunk: step, pieces: this.#writer!.chunk(step) }
    }
  }
}
