import { type FrameOptions, fragment, type TrackOptions } from '../support/mkv-builder.ts'

/** A call on a stream, in the shape of Amazon Connect's, with everything that makes it hard. */
export type CallOptions = {
  readonly seconds: number
  /** Fragments that are not sent. */
  readonly isLost?: (second: number) => boolean
  /** From this second on the stream is used for another call. */
  readonly reusedFrom?: number
}

export const RATE = 8000
export const START_MS = 1_726_677_688_000
/** The agent's track begins 37 ms behind the customer's. */
export const AGENT_DELAY_SAMPLES = 296

export type Speaker = 'AUDIO_FROM_CUSTOMER' | 'AUDIO_TO_CUSTOMER'
const SPEAKERS: readonly Speaker[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER']

/** What a speaker says at a moment; never silence. */
export function sampleOf(speaker: Speaker, at: number): number {
  const spoken = (at * 7919 + (speaker === 'AUDIO_FROM_CUSTOMER' ? 0 : 12_345)) % 32_000
  return at % 2 === 0 ? spoken + 1 : -spoken - 1
}

/** The fragments of a call, one of a second after the other. */
export function* callFragments(options: CallOptions): Generator<Buffer> {
  for (let second = 0; second < options.seconds; second++) {
    if (options.isLost?.(second)) continue
    yield callFragment(second, second >= (options.reusedFrom ?? Number.POSITIVE_INFINITY))
  }
}

function callFragment(second: number, isReused: boolean): Buffer {
  // The numbers of the two sides are swapped with each session of the producer.
  const order = Math.floor(second / 7) % 2 === 0 ? SPEAKERS : SPEAKERS.toReversed()
  const tracks: TrackOptions[] = order.map(name => ({
    type: 'audio',
    name,
    codecId: 'A_AAC',
    codecPrivate: 'x',
  }))
  const startMs = START_MS + second * 1000
  // A session's last fragment may come without its tags.
  const isTagless = second % 13 === 12
  return fragment({
    number: String(second + 1),
    producer: 'pic',
    tracks,
    timestamp: startMs,
    producerTimestamp: `${startMs / 1000}`,
    serverTimestamp: `${(startMs - 930) / 1000}`,
    frames: order.flatMap((speaker, index) => blocksOf(speaker, index + 1, second)),
    tags: isTagless
      ? {}
      : { ContactId: isReused ? 'contact-2' : 'contact-1', MimeType: 'audio/L16;rate=8000;channels=1;' },
  })
}

/** A second in blocks of 64 ms, with short ones in the middle and at the end. */
const BLOCK_SAMPLES = [512, 512, 512, 100, 156, 256, ...Array.from({ length: 11 }, () => 512), 320]

function blocksOf(speaker: Speaker, track: number, second: number): FrameOptions[] {
  const delay = speaker === 'AUDIO_TO_CUSTOMER' ? AGENT_DELAY_SAMPLES : 0
  let at = delay
  return BLOCK_SAMPLES.map(samples => {
    const data = Buffer.alloc(samples * 2)
    for (let i = 0; i < samples; i++) data.writeInt16LE(sampleOf(speaker, second * RATE + at + i), i * 2)
    const block = { track, keyframe: true, at: Math.floor((at * 1000) / RATE), data }
    at += samples
    return block
  })
}

/** What a speaker's file must hold from the call's first moment on. */
export function expectedSamples(speaker: Speaker, options: CallOptions, from = 0): Int16Array {
  const until = Math.min(options.seconds, options.reusedFrom ?? options.seconds)
  const delay = speaker === 'AUDIO_TO_CUSTOMER' ? AGENT_DELAY_SAMPLES : 0
  const samples = new Int16Array((until - from) * RATE + delay)
  let end = 0
  for (let second = from; second < until; second++) {
    if (options.isLost?.(second)) continue
    for (let i = 0; i < RATE; i++) {
      const at = second * RATE + delay + i
      samples[at - from * RATE] = sampleOf(speaker, at)
    }
    end = (second + 1 - from) * RATE + delay
  }
  return samples.subarray(0, end)
}

/** An hour of a call, in which each minute loses two seconds, and one minute is lost; then the stream is used for another call. */
export const HOUR: CallOptions = {
  seconds: 3660,
  isLost: second => second % 60 === 17 || second % 60 === 18 || (second >= 1800 && second < 1860),
  reusedFrom: 3601,
}
