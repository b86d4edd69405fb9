/**
 * A Kinesis Video Streams on loopback, for developing and testing with any AWS client and no account:
 * `import { startEmulator } from 'getmedia/emulator'`.
 */
export { Emulator, startEmulator } from './emulator.ts'
export { type FaultFile, parseFaultFile } from './faults/fault-file.ts'
export type { FaultOperation } from './faults/fault-operations.ts'
export type { RandomFaultOptions, RandomFaultType } from './faults/random-faults.ts'
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
} from './faults.ts'
export type { MediaFragment, RecordedTags, StoredFragment } from './fragment.ts'
export { splitFragments } from './fragment-splitter.ts'
export type { SessionEnd } from './get-media-session.ts'
export type {
  FragmentLimits,
  FragmentOrder,
  HeaderTags,
  IngestOptions,
  StorageKind,
} from './ingest-settings.ts'
export { SERVICE_FRAGMENT_LIMITS } from './ingest-settings.ts'
export type { LiveOptions, LivePlay } from './live-play.ts'
export type { AppendOptions, LoadOptions, MediaSource, MediaStream, StreamOptions } from './media-stream.ts'
export type { FragmentTimecodeType } from './producer-clock.ts'
export type { PutMediaEnd } from './put-media/put-media-session.ts'
export { parseStreamLabel, type StreamLabel } from './region.ts'
export type { RequestRecord } from './request-log.ts'
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
export type { StorageTier } from './stream-metadata.ts'
export type { StreamStatus } from './stream-transitions.ts'
export type { TlsOptions } from './tls.ts'
