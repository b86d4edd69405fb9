import type { CodecData } from './codecs/codec-data.ts'

export type TrackType =
  | 'video'
  | 'audio'
  | 'complex'
  | 'logo'
  | 'subtitle'
  | 'buttons'
  | 'control'
  | 'metadata'
  | 'unknown'

/** Segment\Tracks\TrackEntry (RFC 9559, section 5.1.4.1). */
export type Track = {
  readonly number: number
  readonly uid: bigint | undefined
  readonly type: TrackType
  readonly codecId: string
  readonly codecName: string | undefined
  readonly name: string | undefined
  readonly language: string
  /** The CodecPrivate as it was sent, with the track's compression undone where it covers it. */
  readonly codecPrivate: Uint8Array | undefined
  /** What the CodecPrivate says, for the codecs that Kinesis Video producers use. */
  readonly codec: CodecData
  /** Frame duration, from DefaultDuration. */
  readonly defaultDurationMs: number | undefined
  readonly video: VideoSettings | undefined
  readonly audio: AudioSettings | undefined
  /** True where the frames are encrypted; they are handed on as they were sent. */
  readonly encrypted: boolean
}

export type VideoSettings = {
  readonly pixelWidth: number
  readonly pixelHeight: number
  readonly displayWidth: number | undefined
  readonly displayHeight: number | undefined
}

export type AudioSettings = {
  readonly samplingFrequencyHz: number
  readonly channels: number
  readonly bitDepth: number | undefined
}
