import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { deflateSync } from 'node:zlib'
import type { FragmentEvent } from '../../lib/index.ts'
import { type Cue, CueExtractor, type CueExtractorOptions } from '../../lib/outputs/cues/cue-extractor.ts'
import { type Data, type FrameOptions, fragment, payload, type TrackOptions } from '../support/mkv-builder.ts'
import { readMkv } from './media.ts'

export const VIDEO: TrackOptions = { type: 'video', codecId: 'V_MJPEG', name: 'eye' }
export const CAPTIONS: TrackOptions = { type: 'subtitle', name: 'captions', language: 'de' }

/** A text on track 2; in a BlockGroup where it has a duration. */
export function caption(at: number, data: Data, durationTicks?: number): FrameOptions {
  return {
    track: 2,
    at,
    data,
    ...(durationTicks === undefined ? { keyframe: true } : { group: { durationTicks } }),
  }
}

export function picture(at: number): FrameOptions {
  return { track: 1, at, data: 'picture', keyframe: true }
}

/** As a frame of a track with zlib has it. */
export function deflated(data: string): Uint8Array {
  return deflateSync(data)
}

export async function cuesOf(
  events: readonly FragmentEvent[],
  options: CueExtractorOptions = {},
): Promise<Cue[]> {
  return (await Readable.from(events).pipe(new CueExtractor(options)).toArray()) as Cue[]
}

export async function fileOf(
  events: readonly FragmentEvent[],
  options: CueExtractorOptions,
): Promise<string> {
  return await text(Readable.from(events).pipe(new CueExtractor(options)))
}

/** A Matroska file as the service would send it: fragments of so long, each with its tags, the first at `startedAt`. */
export function asPayload(file: Uint8Array, everyMs: number, startedAt: Date): Buffer {
  const events = readMkv(file)
  const tracks = events.flatMap(event => (event.type === 'tracks' ? event.tracks : []))
  const options = tracks.map(({ number, type, codecId, name, language, codecPrivate }): TrackOptions => {
    return {
      ...{ number, type: type as 'video' | 'subtitle', codecId, language },
      ...(name === undefined ? {} : { name }),
      ...(codecPrivate === undefined ? {} : { codecPrivate }),
    }
  })
  const frames = events.filter(event => event.type === 'frame')
  const count = Math.floor(Math.max(...frames.map(({ timestampMs }) => timestampMs)) / everyMs) + 1
  return payload(
    ...Array.from({ length: count }, (_, index) => {
      const group = frames.filter(({ timestampMs }) => Math.floor(timestampMs / everyMs) === index)
      const seconds = String((startedAt.getTime() + index * everyMs) / 1000)
      return fragment({
        ...{ number: String(index + 1), tracks: options, timestamp: index * everyMs },
        ...{ producerTimestamp: seconds, serverTimestamp: seconds },
        frames: group.map(({ track, timestampMs, durationMs, keyframe, data }) => ({
          ...{ track, at: timestampMs - index * everyMs, keyframe, data },
          ...(durationMs === undefined || track === 1
            ? {}
            : { group: { durationTicks: Math.round(durationMs) } }),
        })),
      })
    }),
  )
}
