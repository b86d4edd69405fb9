export {
  AbortError,
  GetMediaError,
  MkvLimitError,
  MkvSyntaxError,
  MkvTruncatedError,
  OptionError,
} from './errors.ts'
export type { TagValue } from './mkv/tags.ts'
export type * from './stages/events.ts'
export { MkvChunkDemuxer, type MkvChunkDemuxerOptions } from './stages/mkv-chunk-demuxer.ts'
export { RetryingResumer, type RetryingResumerOptions } from './stages/retrying-resumer.ts'
export { TagExtractor, type TagExtractorOptions } from './stages/tag-extractor.ts'
