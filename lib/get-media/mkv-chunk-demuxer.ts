import { knownOptions, optionNames } from '../core/options.ts'
import { MkvReader, type MkvReaderOptions } from '../matroska/reader/mkv-reader.ts'
import { EngineStage } from '../streams/engine-stage.ts'

export type MkvChunkDemuxerOptions = MkvReaderOptions & {
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<MkvChunkDemuxerOptions>({
  maxFrameBytes: true,
  maxMetadataBytes: true,
  maxMetadataElements: true,
  seekable: true,
  signal: true,
})

/**
 * Bytes of Matroska in, `MkvEvent`s out: a Transform that knows no AWS. It takes our own source, a file, a socket,
 * or the `Payload` of the official SDK's `GetMediaCommand`.
 *
 * A payload that ends inside an element gives a `truncated` event as its last. Bytes that are no Matroska, or break a
 * limit, end in `MkvSyntaxError` or `MkvLimitError` with their offset, after the events before them have been read.
 *
 * Memory: 64 KiB of input, 8 events, one frame or metadata element that is still coming, the last EBML header, Info and
 * Tracks, and 64 KiB for small frames that span chunks.
 *
 * ```ts
 * for await (const event of createReadStream('camera.mkv').pipe(new MkvChunkDemuxer())) {
 *   if (event.type === 'frame') console.log(event.track, event.timestampMs, event.data.length)
 * }
 * ```
 */
export class MkvChunkDemuxer extends EngineStage<Uint8Array> {
  constructor(options: MkvChunkDemuxerOptions = {}) {
    knownOptions('MkvChunkDemuxer', options, OPTIONS)
    const { signal, ...limits } = options
    super(new MkvReader(limits), {
      writableObjectMode: false,
      writableHighWaterMark: 64 * 1024,
      readableHighWaterMark: 8,
      signal,
    })
  }
}
