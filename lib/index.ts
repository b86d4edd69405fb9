/** GetMedia of Amazon Kinesis Video Streams as Node streams: the one call, the five stages, their events and errors. */

export type { Credentials, CredentialsProvider } from './aws/auth/credentials.ts'
export { CredentialsError } from './aws/auth/credentials.ts'
export * from './aws/errors/service-error.ts'
export * from './aws/http/connection-error.ts'
export { AdmissionTimeoutError } from './aws/limits/admission-timeout-error.ts'
export type { Permit } from './aws/limits/call-gate.ts'
export type { WaitingEvent, WaitingReason } from './aws/limits/waiting-event.ts'
export type { GetMediaResponse } from './aws/operations/get-media-call.ts'
export type { FragmentTimecodeType } from './aws/operations/put-media-call.ts'
export { type StartSelector, serverTimestampOfFragmentNumber } from './aws/operations/start-selector.ts'
export type { StreamId } from './aws/operations/stream-id.ts'
export type { Clock } from './core/clock.ts'
export { ERROR_CODES, type ErrorCode } from './core/error-codes.ts'
export * from './core/errors.ts'
export { type MimeType, parseMimeType } from './core/mime-type.ts'
export type { CodecConflict } from './get-media/codec-conflicts.ts'
export type * from './get-media/events.ts'
export {
  type GetMediaMetrics,
  type GetMediaOptions,
  GetMediaStream,
  getMedia,
} from './get-media/get-media.ts'
export { MkvChunkDemuxer, type MkvChunkDemuxerOptions } from './get-media/mkv-chunk-demuxer.ts'
export { PayloadError, type PayloadErrorCode } from './get-media/payload-error.ts'
export type { ProducerEvent } from './get-media/producer-event.ts'
export type { FragmentSource } from './get-media/resume/event-reader.ts'
export { IncompleteFragmentError } from './get-media/resume/incomplete-fragment-error.ts'
export {
  type AttemptContext,
  type AttemptEvent,
  type ResumedEvent,
  type RetryEvent,
  RetryingResumer,
  type RetryingResumerOptions,
} from './get-media/retrying-resumer.ts'
export {
  SignedGetMediaSource,
  type SignedGetMediaSourceOptions,
} from './get-media/signed-get-media-source.ts'
export { TagExtractor, type TagExtractorOptions } from './get-media/tag-extractor.ts'
export {
  type AdmitOptions,
  SESSION_CAP_BYTES_PER_SECOND,
  ThrottleGuard,
  type ThrottleGuardOptions,
  type ThrottleMetrics,
} from './get-media/throttle-guard.ts'
export type { CodecData } from './matroska/codecs/codec-data.ts'
export { isRandomAccessPoint, type RandomAccess, randomAccessOf } from './matroska/codecs/random-access.ts'
export type * from './matroska/reader/events.ts'
export type { SimpleTag, Tag, TagValue } from './matroska/reader/tags.ts'
export type * from './matroska/reader/tracks.ts'
export * from './outputs/index.ts'
export {
  type Acknowledgement,
  AcknowledgementError,
  type AcknowledgementType,
} from './put-media/acknowledgement.ts'
export { PutMediaError, type PutMediaErrorCode } from './put-media/put-media-error.ts'
export {
  type PutAttemptEvent,
  type PutMediaMetrics,
  PutMediaSink,
  type PutMediaSinkOptions,
} from './put-media/put-media-sink.ts'
export { NotPersistedError, PutSessionEndedError } from './put-media/put-session-errors.ts'
export type { RetryOptions } from './retry/backoff.ts'
export { joinStages } from './streams/join-stages.ts'
export { PrematureCloseError } from './streams/premature-close-error.ts'
export { StageInputError } from './streams/stage-input-error.ts'
