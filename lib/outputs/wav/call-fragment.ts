import type { Track } from '../../mkv/tracks.ts'
import type { FragmentFrame, FragmentStart } from '../../stages/events.ts'
import type { CallFrame, CallFrames } from './call-recording.ts'
import type { CallFacts } from './call-tags.ts'
import {
  CONNECT_FORMAT,
  CONNECT_TRACKS,
  OLD_CONNECT_TRACK,
  type PcmFormat,
  pcmFormatOf,
} from './pcm-format.ts'

/** A fragment, or a part of a large one, with what its tags and those before it say. */
export type CallFragment = {
  readonly start: FragmentStart
  readonly frames: readonly FragmentFrame[]
  readonly facts: CallFacts
}

/** Before 2001 in epoch terms a producer's time is no wall clock, and does not go on over a restart. */
const EARLIEST_WALL_CLOCK_MS = 1e12

/** The tracks to record, in the order of their channels: those asked for, else both sides of a call, else all audio. */
export function trackNames(
  tracks: readonly Track[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  if (wanted !== undefined) return wanted
  const names = tracks.filter(({ type }) => type === 'audio' || type === 'unknown').map(nameOf)
  if (names.some(name => CONNECT_TRACKS.includes(name))) return CONNECT_TRACKS
  return names.includes(OLD_CONNECT_TRACK) ? [OLD_CONNECT_TRACK] : names
}

function nameOf(track: Track): string {
  return track.name === undefined || track.name === '' ? `track-${track.number}` : track.name
}

/** A track that is recorded, and the format of its samples; `undefined` while only a tag to come can tell. */
export type RecordedTrack = { readonly name: string; readonly format: PcmFormat | undefined }

/** By number, which means nothing beyond the fragment: the two sides of a call swap theirs. */
export function recordedTracks(
  { tracks }: FragmentStart,
  names: readonly string[],
  mimeType: string | undefined,
  format: PcmFormat | undefined,
): ReadonlyMap<number, RecordedTrack> {
  const recorded = new Map<number, RecordedTrack>()
  for (const track of tracks) {
    const name = nameOf(track)
    if (!names.includes(name)) continue
    recorded.set(track.number, { name, format: format ?? pcmFormatOf(track, mimeType) })
  }
  return recorded
}

/** A fragment's frames on the call's clock; `undefined` where none is of a recorded track. */
export function callFrames(
  { start, frames, facts }: CallFragment,
  tracks: readonly string[],
  recorded: ReadonlyMap<number, RecordedTrack>,
): CallFrames | undefined {
  const first = frames.find(({ laceIndex }) => laceIndex === 0)
  const producerMs = start.producerTimestamp?.getTime() ?? 0
  const hasWallClock = producerMs >= EARLIEST_WALL_CLOCK_MS && first?.wallClock != null
  const offsetMs = hasWallClock ? first.wallClock.getTime() - Math.floor(first.timestampMs) : 0
  const placed = frames.flatMap((frame): CallFrame[] => {
    const track = recorded.get(frame.track)
    if (track === undefined) return []
    const atMs = frame.laceIndex === 0 ? frame.timestampMs + offsetMs : undefined
    return [{ track: track.name, format: track.format ?? CONNECT_FORMAT, atMs, data: frame.data }]
  })
  if (!placed.some(({ atMs }) => atMs !== undefined)) return undefined
  const clock = hasWallClock ? 'producer' : 'segment'
  return { clock, tracks, contactId: facts.contactId, startedAt: first?.wallClock ?? null, frames: placed }
}
