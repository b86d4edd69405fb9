/** EBML and Matroska without streams and without AWS: `import { MkvReader } from 'getmedia/mkv'`. */
export { MkvLateMetadataError, MkvLimitError, MkvSyntaxError } from '../core/errors.ts'
export type { CodecData } from './codecs/codec-data.ts'
export {
  isRandomAccessPoint,
  type JudgedFrame,
  type RandomAccess,
  type RandomAccessJudge,
  randomAccessJudge,
  randomAccessOf,
} from './codecs/random-access.ts'
export { type EbmlEvent, EbmlReader, type EbmlReaderOptions, type EbmlWarning } from './ebml/ebml-reader.ts'
export type * from './reader/events.ts'
export { MkvReader, type MkvReaderOptions } from './reader/mkv-reader.ts'
export type { SeekableBytes } from './reader/seekable-bytes.ts'
export { flattenTags, type SimpleTag, type Tag, type TagValue } from './reader/tags.ts'
export type * from './reader/tracks.ts'
export { type ElementDefinition, elementDefinition } from './schema/element.ts'
export { ELEMENT_IDS } from './schema/elements.ts'
export * from './writer/writer.ts'
