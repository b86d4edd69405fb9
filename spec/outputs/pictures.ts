import type { FragmentOptions, TrackOptions } from '../support/mkv-builder.ts'

/** Fragments whose frames no decoder would take, of tracks whose codec data are real: for what happens around frames. */

/** An AVCDecoderConfigurationRecord of 320 by 240 pixels; each `variant` differs in its last byte alone. */
export function avcRecord(variant = 0): Buffer {
  const record = Buffer.from(
    '0142c016ffe100186742c016a6110507ec0440000003004000000c83c58b846001000668c842044b20',
    'hex',
  )
  record[record.length - 1] = 0x20 + variant
  return record
}

/** An AudioSpecificConfig: AAC-LC at 16 kHz, mono. */
export const AAC_CONFIG = Buffer.from('140856e500', 'hex')

export const videoTrack = (more: Partial<TrackOptions> = {}): TrackOptions => ({
  codecPrivate: avcRecord(),
  video: { width: 320, height: 240 },
  ...more,
})

export const audioTrack = (more: Partial<TrackOptions> = {}): TrackOptions => ({
  type: 'audio',
  codecPrivate: AAC_CONFIG,
  audio: { samplingFrequencyHz: 16_000, channels: 1 },
  ...more,
})

export type PartOptions = FragmentOptions & {
  readonly number: string
  /** Milliseconds, on the segment's clock and from the producer's start. */
  readonly atMs: number
  /** Pictures, 100 ms apart. @default 10 */
  readonly pictures?: number
}

const PRODUCER_START_S = 1_600_000_000

/** A fragment of video, its first picture a keyframe, with its times. */
export function part({
  number,
  atMs,
  pictures = 10,
  tracks = [videoTrack()],
  ...more
}: PartOptions): FragmentOptions {
  return {
    number,
    timestamp: atMs,
    producerTimestamp: (PRODUCER_START_S + atMs / 1000).toFixed(3),
    serverTimestamp: (PRODUCER_START_S + 1 + atMs / 1000).toFixed(3),
    tracks,
    frames: Array.from({ length: pictures }, (_, index) => ({
      at: index * 100,
      keyframe: index === 0,
      data: Buffer.from(`\0\0\0\x04${number}.${index}`.padEnd(8).slice(0, 8)),
    })),
    ...more,
  }
}
