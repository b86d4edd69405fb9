import { readFile } from 'node:fs/promises'
import type { FragmentEvent } from '../../lib/index.ts'
import { eventsOf, run, scratch } from './media.ts'

/** Media that ffmpeg's encoders make of its test pictures and tones, for codecs that the repository has no clip of. */

const PICTURES = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=30:d=4']
const TONE = ['-f', 'lavfi', '-i', 'sine=440:r=48000:d=4']

/** By what is odd about each. */
export const ENCODED = {
  'H.265 with B-frames and open GOPs, and Opus': [
    ...['-c:v', 'libx265', '-x265-params', 'log-level=none:open-gop=1:keyint=30:bframes=4'],
    ...['-c:a', 'libopus'],
  ],
  'H.264 with B-frames, and PCM': [
    ...['-c:v', 'libx264', '-x264-params', 'bframes=3:keyint=45:open-gop=1', '-c:a', 'pcm_s16le'],
  ],
  'H.264 with one keyframe, and AAC in stereo': [
    ...['-c:v', 'libx264', '-bf', '0', '-g', '1000', '-c:a', 'aac', '-ac', '2'],
  ],
} as const

export type EncodedName = keyof typeof ENCODED

/** A Matroska file of four seconds. */
export async function encode(name: EncodedName, path: string): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-y', ...PICTURES, ...TONE, ...ENCODED[name], path])
}

export async function encodedEvents(name: EncodedName): Promise<FragmentEvent[]> {
  await using directory = await scratch()
  const path = directory.file('encoded.mkv')
  await encode(name, path)
  return await eventsOf(await readFile(path))
}

/** The frames of a track in Annex B, as some producers send them, with its parameter sets in each keyframe and no CodecPrivate. */
export async function annexBEvents(
  events: readonly FragmentEvent[],
  track: number,
): Promise<FragmentEvent[]> {
  let sets: Uint8Array[] = []
  return events.map(event => {
    if (event.type === 'fragment-start') {
      const tracks = event.tracks.map(each => {
        if (each.number !== track || each.codec.kind !== 'h264') return each
        sets = [...each.codec.sps, ...each.codec.pps]
        const problem = `${each.codecId} has no CodecPrivate`
        return { ...each, codecPrivate: undefined, codec: { kind: 'unreadable', problem } as const }
      })
      return { ...event, tracks }
    }
    if (event.type !== 'frame' || event.track !== track) return event
    const units = [...(event.keyframe ? sets : []), ...lengthPrefixedUnits(event.data)]
    const { type, fragmentNumber, timestampMs, wallClock, keyframe, durationMs, laceIndex } = event
    return {
      ...{ type, fragmentNumber, track, timestampMs, wallClock, keyframe, durationMs, laceIndex },
      ...{ invisible: false, discardable: false },
      data: Buffer.concat(units.flatMap(unit => [Buffer.from([0, 0, 0, 1]), unit])),
    }
  })
}

function lengthPrefixedUnits(data: Uint8Array): Uint8Array[] {
  const view = Buffer.from(data)
  const units: Uint8Array[] = []
  for (let at = 0; at < view.length; ) {
    const end = at + 4 + view.readUInt32BE(at)
    units.push(view.subarray(at + 4, end))
    at = end
  }
  return units
}
