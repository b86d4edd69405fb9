import type { FragmentFrame, FragmentStart } from '../../get-media/events.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { UniquePaths } from '../shared/file-names.ts'
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
  const byNumber = namesOf(tracks)
  const audio = tracks.filter(({ type }) => type === 'audio' || type === 'unknown')
  const names = audio.map(({ number }) => byNumber.get(number)!)
  if (names.some(name => CONNECT_TRACKS.includes(name))) return CONNECT_TRACKS
  return names.includes(OLD_CONNECT_TRACK) ? [OLD_CONNECT_TRACK] : names
}

/** What a track is called, by number. Of two with one name the second gets `-2`: each is recorded. */
function namesOf(tracks: readonly Track[]): ReadonlyMap<number, string> {
  const unique = new UniquePaths()
  return new Map(tracks.map(({ number, name }) => [number, unique.take(name || `track-${number}`)]))
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
  const byNumber = namesOf(tracks)
  for (const track of tracks) {
    const name = byNumber.get(track.number)!
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
    // The samples of a lace follow each other, also where its frames have no durations.
    const atMs = frame.laceIndex === 0 ? frame.timestampMs + offsetMs : undefined
    return [{ track: track.name, format: track.format ?? CONNECT_FORMAT, atMs, data: frame.data }]
  })
  const earliest = earliestOf(frames.filter(({ track, laceIndex }) => recorded.has(track) && laceIndex === 0))
  if (earliest === undefined) return undefined
  const clock = hasWallClock ? 'producer' : 'segment'
  return { clock, tracks, contactId: facts.contactId, startedAt: earliest.wallClock, frames: placed }
}

function earliestOf(frames: readonly FragmentFrame[]): FragmentFrame | undefined {
  return frames.reduce<FragmentFrame | undefined>(
    (earliest, frame) =>
      earliest === undefined || frame.timestampMs < earliest.timestampMs ? frame : earliest,
    undefined,
  )
}
