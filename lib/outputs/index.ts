/** What people want GetMedia for: each output takes `FragmentEvent`s, alone or in a `pipeline`. */

export {
  type AssFields,
  type Cue,
  CueExtractor,
  type CueExtractorOptions,
  type CueTrack,
} from './cues/cue-extractor.ts'
export {
  type ElementaryFormat,
  ElementaryStream,
  type ElementaryStreamOptions,
  type ElementaryTrackEvent,
} from './elementary/elementary-stream.ts'
export { FileSink, type FileSinkOptions } from './file/file-sink.ts'
export {
  type HlsPlaylistReport,
  type HlsSegmentReport,
  HlsWriter,
  type HlsWriterOptions,
} from './hls/hls-writer.ts'
export {
  type MkvFileReport,
  MkvFileSink,
  type MkvFileSinkOptions,
  type RotateOptions,
} from './mkv/mkv-file-sink.ts'
export { MkvSegmentMerger, type MkvSegmentMergerOptions } from './mkv/mkv-segment-merger.ts'
export { type Mp4FileReport, Mp4FileSink, type Mp4FileSinkOptions } from './mp4/mp4-file-sink.ts'
export {
  type Mp4HeaderEvent,
  Mp4Remuxer,
  type Mp4RemuxerOptions,
  type UnsupportedTracks,
} from './mp4/mp4-remuxer.ts'
export { OutputError } from './shared/output-error.ts'
export {
  type KeyframeSample,
  KeyframeSampler,
  type KeyframeSamplerOptions,
} from './snapshots/keyframe-sampler.ts'
export {
  type SnapshotFailure,
  type SnapshotReport,
  SnapshotWriter,
  type SnapshotWriterOptions,
} from './snapshots/snapshot-writer.ts'
export { type TagRow, TagTable, type TagTableOptions } from './tags/tag-table.ts'
export {
  type ContactChange,
  type ContactChangeEvent,
  type PcmEncoding,
  type PcmFormat,
  type WavFileReport,
  WavWriter,
  type WavWriterOptions,
} from './wav/wav-writer.ts'
