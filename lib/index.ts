/** GetMedia of Amazon Kinesis Video Streams as Node streams: the one call, the five stages, their events and errors. */

export { AdmissionTimeoutError } from './aws/admission-timeout-error.ts'
export type { Permit } from './aws/call-gate.ts'
export * from './aws/connection-error.ts'
export type { Credentials, CredentialsProvider } from './aws/credentials.ts'
export { CredentialsError } from './aws/credentials.ts'
export type { GetMediaResponse } from './aws/get-media-call.ts'
export type { FragmentTimecodeType } from './aws/put-media-call.ts'
export * from './aws/service-error.ts'
export { type StartSelector, serverTimestampOfFragmentNumber } from './aws/start-selector.ts'
export type { StreamId } from './aws/stream-id.ts'
export type { WaitingEvent, WaitingReason } from './aws/waiting-event.ts'
export type { Clock } from './clock.ts'
export { ERROR_CODES, type ErrorCode } from './error-codes.ts'
export * from './errors.ts'
export { type GetMediaMetrics, type GetMediaOptions, GetMediaStream, getMedia } from './get-media.ts'
export { type MimeType, parseMimeType } from './mime-type.ts'
export type { CodecData } from './mkv/codecs/codec-data.ts'
export { isRandomAccessPoint, type RandomAccess, randomAccessOf } from './mkv/codecs/random-access.ts'
export type * from './mkv/events.ts'
export type { SimpleTag, Tag, TagValue } from './mkv/tags.ts'
export type * from './mkv/tracks.ts'
export * from './outputs/index.ts'
export type { CodecConflict } from './stages/codec-conflicts.ts'
export type * from './stages/events.ts'
export { joinStages } from './stages/join-stages.ts'
export { MkvChunkDemuxer, type MkvChunkDemuxerOptions } from './stages/mkv-chunk-demuxer.ts'
export { PayloadError, type PayloadErrorCode } from './stages/payload-error.ts'
export type { ProducerEvent } from './stages/producer-event.ts'
export {
  type Acknowledgement,
  AcknowledgementError,
  type AcknowledgementType,
} from './stages/put-media/acknowledgement.ts'
export { PutMediaError, type PutMediaErrorCode } from './stages/put-media/put-media-error.ts'
export { NotPersistedError, PutSessionEndedError } from './stages/put-media/put-session-errors.ts'
export {
  type PutAttemptEvent,
  type PutMediaMetrics,
  PutMediaSink,
  type PutMediaSinkOptions,
} from './stages/put-media-sink.ts'
export type { RetryOptions } from './stages/resume/backoff.ts'
export type { FragmentSource } from './stages/resume/event-reader.ts'
export { IncompleteFragmentError } from './stages/resume/incomplete-fragment-error.ts'
export { PrematureCloseError } from './stages/resume/premature-close-error.ts'
export {
  type AttemptContext,
  type AttemptEvent,
  type ResumedEvent,
  type RetryEvent,
  RetryingResumer,
  type RetryingResumerOptions,
} from './stages/retrying-resumer.ts'
export { SignedGetMediaSource, type SignedGetMediaSourceOptions } from './stages/signed-get-media-source.ts'
export { StageInputError } from './stages/stage-input-error.ts'
export { TagExtractor, type TagExtractorOptions } from './stages/tag-extractor.ts'
export {
  type AdmitOptions,
  SESSION_CAP_BYTES_PER_SECOND,
  ThrottleGuard,
  type ThrottleGuardOptions,
  type ThrottleMetrics,
} from './stages/throttle-guard.ts'
