import { choiceOption, knownOptions, optionNames } from '../core/options.ts'
import type { MkvEvent } from '../matroska/reader/events.ts'
import { EngineStage } from '../streams/engine-stage.ts'
import { FragmentAssembler } from './fragment-assembler.ts'

export type TagExtractorOptions = {
  /**
   * When a fragment is over. `token`: as soon as its continuation token has come, which is the service's last word on
   * it. `document`: when the next document begins or the payload ends, so that tags behind the token still count.
   * @default 'token'
   */
  readonly fragmentEnd?: 'token' | 'document'
  /** Whether an error tag ends the stream with a `PayloadError`, or shows in the `fragment-end`. @default 'raise' */
  readonly errorTags?: 'raise' | 'report'
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<TagExtractorOptions>({ fragmentEnd: true, errorTags: true, signal: true })

/**
 * `MkvEvent`s in, `FragmentEvent`s out: fragments with their numbers, times, tracks and tags, frames with wall-clock
 * time, and the service's in-band errors as `PayloadError`, raised after what came before them has been read.
 *
 * Follows the GetMedia page, "Response Elements: Payload". Memory: 16 events, and the tags of one document.
 */
export class TagExtractor extends EngineStage<MkvEvent> {
  constructor(options: TagExtractorOptions = {}) {
    knownOptions('TagExtractor', options, OPTIONS)
    const assembler = new FragmentAssembler({
      fragmentEnd: choiceOption('fragmentEnd', options.fragmentEnd, 'token', ['token', 'document']),
      errorTags: choiceOption('errorTags', options.errorTags, 'raise', ['raise', 'report']),
    })
    super(assembler, {
      writableObjectMode: true,
      writableHighWaterMark: 8,
      readableHighWaterMark: 8,
      signal: options.signal,
    })
  }
}
