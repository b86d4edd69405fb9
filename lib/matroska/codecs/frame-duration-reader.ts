import type { Track } from '../reader/tracks.ts'
import { aacDurationReader } from './aac-duration.ts'
import { ac3DurationMs } from './ac3-duration.ts'
import { dtsDurationMs } from './dts-duration.ts'
import { flacDurationMs } from './flac-duration.ts'
import { mpegAudioDurationMs } from './mpeg-audio-duration.ts'
import { opusDurationMs } from './opus-duration.ts'
import { pcmDurationReader } from './pcm-duration.ts'
import { vorbisDurationReader } from './vorbis-duration.ts'

/**
 * Milliseconds that a frame lasts, by its own bytes; `undefined` where they do not say. A reader is for one track, whose
 * frames it gets in their order: of Vorbis, a packet's duration depends on the packet before.
 */
export type FrameDurationReader = (frame: Uint8Array) => number | undefined

type AudioTrack = Pick<Track, 'codecId' | 'codec' | 'codecPrivate' | 'audio' | 'encrypted'>

/** Format tags of RFC 2361 in `A_MS/ACM`, whose frames say themselves how long they last. */
const WAVE_READERS: Readonly<Record<number, FrameDurationReader>> = {
  80: mpegAudioDurationMs,
  85: mpegAudioDurationMs,
  8192: ac3DurationMs,
  8193: dtsDurationMs,
}

/** The reader for a track of audio; `undefined` where its codec is not known or its frames are encrypted. */
export function frameDurationReader(track: AudioTrack): FrameDurationReader | undefined {
  const { codecId, codec, codecPrivate, audio, encrypted } = track
  if (encrypted) return undefined
  if (codec.kind === 'pcm') return pcmDurationReader(track)
  if (codec.kind === 'wave-format') return pcmDurationReader(track) ?? WAVE_READERS[codec.formatTag]
  const rateHz = audio?.samplingFrequencyHz
  if (codecId.startsWith('A_AAC')) {
    const configRateHz = codec.kind === 'aac' ? codec.sampleRateHz : undefined
    return aacDurationReader(codecId, codecPrivate, configRateHz, rateHz)
  }
  if (codecId.startsWith('A_OPUS')) return opusDurationMs
  if (codecId === 'A_VORBIS') return codecPrivate && vorbisDurationReader(codecPrivate)
  if (codecId.startsWith('A_AC3') || codecId.startsWith('A_EAC3')) return ac3DurationMs
  if (codecId.startsWith('A_MPEG/')) return mpegAudioDurationMs
  if (codecId.startsWith('A_DTS')) return dtsDurationMs
  if (codecId === 'A_FLAC') return frame => flacDurationMs(frame, rateHz)
  return undefined
}
