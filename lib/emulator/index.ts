/**
 * A Kinesis Video Streams on loopback, for developing and testing with any AWS client and no account:
 * `import { startEmulator } from 'getmedia/emulator'`.
 */
export { Emulator, startEmulator } from './emulator.ts'
export type {
  CutFault,
  CutInBlockFault,
  DripFault,
  EndFault,
  ErrorTagFault,
  ExceptionFault,
  Fault,
  ResetFault,
  StallFault,
  ThrottleFault,
} from './faults.ts'
export type { MediaFragment, RecordedTags, StoredFragment } from './fragment.ts'
export { splitFragments } from './fragment-splitter.ts'
export type { SessionEnd } from './get-media-session.ts'
export type { LiveOptions, LivePlay } from './live-play.ts'
export type { AppendOptions, LoadOptions, MediaSource, MediaStream, StreamOptions } from './media-stream.ts'
export type { FragmentTimecodeType } from './producer-clock.ts'
export type { RequestRecord } from './request-log.ts'
export type { EmulatorOptions, IdleEnd, Limits, UnknownFragment } from './settings.ts'
