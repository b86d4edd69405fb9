/**
 * A Kinesis Video Streams on loopback, for developing and testing with any AWS client and no account:
 * `import { startEmulator } from 'getmedia/emulator'`.
 */
export { Emulator, startEmulator } from './emulator.ts'
export { type FaultFile, parseFaultFile } from './faults/fault-file.ts'
export type { FaultOperation } from './faults/fault-operations.ts'
export type {
  AckEvent,
  BackwardTimecodeFault,
  BreakPoint,
  ClockSkewFault,
  CutFault,
  CutInBlockFault,
  DripFault,
  EndFault,
  ErrorAckFault,
  ErrorTagFault,
  ExceptionFault,
  Fault,
  FaultType,
  LateAcksFault,
  NoFault,
  NoLastChunkFault,
  NoTrailingTagsFault,
  PlannedFault,
  RecycledStreamFault,
  RepeatedTimecodeFault,
  ResetFault,
  StaleEndpointFault,
  StallFault,
  ThrottleFault,
  WithholdAcksFault,
} from './faults/faults.ts'
export type { RandomFaultOptions, RandomFaultType } from './faults/random-faults.ts'
export type {
  FragmentLimits,
  FragmentOrder,
  HeaderTags,
  IngestOptions,
  StorageKind,
} from './ingest/ingest-settings.ts'
export { SERVICE_FRAGMENT_LIMITS } from './ingest/ingest-settings.ts'
export type { PutMediaEnd } from './ingest/put-media-session.ts'
export type { RequestRecord } from './server/request-log.ts'
export type { TlsOptions } from './server/tls.ts'
export type {
  EmulatorOptions,
  IdleEnd,
  KeyPair,
  Limits,
  MissingFragment,
  SignatureMode,
  UnknownFragment,
} from './settings.ts'
export { SERVICE_LIMITS } from './settings.ts'
export type { MediaFragment, RecordedTags, StoredFragment } from './streams/fragment.ts'
export { splitFragments } from './streams/fragment-splitter.ts'
export type { SessionEnd } from './streams/get-media-session.ts'
export type { LiveOptions, LivePlay } from './streams/live-play.ts'
export type {
  AppendOptions,
  LoadOptions,
  MediaSource,
  MediaStream,
  StreamOptions,
} from './streams/media-stream.ts'
export type { FragmentTimecodeType } from './streams/producer-clock.ts'
export { parseStreamLabel, type StreamLabel } from './streams/region.ts'
export type { StorageTier } from './streams/stream-metadata.ts'
export type { StreamStatus } from './streams/stream-transitions.ts'
