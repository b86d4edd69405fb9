import type { Track } from '../../mkv/tracks.ts'
import type { FragmentFrame } from '../../stages/events.ts'

/** Samples in a frame of AAC, at the rate of its AudioSpecificConfig (ISO/IEC 14496-3, section 4.5.1.1). */
const AAC_FRAME_SAMPLES = 1024

/** How long a frame lasts, in milliseconds: by its own or its track's word, or by what its codec says; else `undefined`. */
export function frameDurationMs(frame: FragmentFrame, track: Track): number | undefined {
  if (frame.durationMs !== undefined) return frame.durationMs
  const { codec, audio } = track
  if (codec.kind === 'aac') return (AAC_FRAME_SAMPLES * 1000) / codec.sampleRateHz
  if (codec.kind === 'pcm' && audio?.bitDepth !== undefined) {
    const bytesPerSecond = (audio.samplingFrequencyHz * audio.channels * audio.bitDepth) / 8
    return bytesPerSecond > 0 ? (frame.data.length * 1000) / bytesPerSecond : undefined
  }
  return undefined
}

/** A frame's time on the segment's clock, in milliseconds; frames of one lace follow each other. */
export function frameTimeMs(frame: FragmentFrame, durationMs: number | undefined): number {
  return frame.timestampMs + frame.laceIndex * (durationMs ?? 0)
}
