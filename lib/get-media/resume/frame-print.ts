import type { FragmentFrame } from '../events.ts'

/**
 * What is kept of a delivered frame, so that it is known again when the service sends its fragment once more:
 * a few numbers, not the frame. Of a whole fragment's frames, some thousands at most, until it has ended.
 *
 * Of a long frame the checksum covers a part: an encoder's frames that differ hardly ever have the same size, let alone the
 * same ends, and to read all bytes of all frames, for the one fragment of a session that may come again, took an eighth of
 * the session's time. Short ones, as raw sound has, which are all of one size, are covered whole.
 */
export type FramePrint = {
  readonly track: number
  readonly timestampMs: number
  readonly laceIndex: number
  readonly keyframe: boolean
  readonly size: number
  /** Of all bytes up to 2,048; of more, the first and the last 32, and 32 evenly between. */
  readonly checksum: number
}

export function framePrint(frame: FragmentFrame): FramePrint {
  const { track, timestampMs, laceIndex, keyframe, data } = frame
  return { track, timestampMs, laceIndex, keyframe, size: data.length, checksum: checksumOf(data) }
}

/** What differs between two frames, in words; `undefined` where they are the same. */
export function frameDifference(before: FramePrint, now: FramePrint): string | undefined {
  if (before.track !== now.track) return `track ${now.track} in place of ${before.track}`
  if (before.timestampMs !== now.timestampMs)
    return `timestamp ${now.timestampMs} ms in place of ${before.timestampMs} ms`
  if (before.laceIndex !== now.laceIndex) return 'another place in its lace'
  if (before.keyframe !== now.keyframe) return now.keyframe ? 'a keyframe now' : 'no keyframe any more'
  if (before.size !== now.size) return `${now.size} bytes in place of ${before.size}`
  return before.checksum === now.checksum ? undefined : 'other bytes'
}

const SHORT_BYTES = 2048
const PART_BYTES = 32

function checksumOf(data: Uint8Array): number {
  const { length } = data
  if (length <= SHORT_BYTES) return fnv1a(data, 0, length, 1, FNV_START)
  const step = Math.floor((length - 2 * PART_BYTES) / PART_BYTES)
  const head = fnv1a(data, 0, PART_BYTES, 1, FNV_START)
  const between = fnv1a(data, PART_BYTES, PART_BYTES + step * PART_BYTES, step, head)
  return fnv1a(data, length - PART_BYTES, length, 1, between)
}

const FNV_START = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a of 32 bits over every `step`th byte; for so few, a call of zlib's CRC takes longer. */
function fnv1a(data: Uint8Array, start: number, end: number, step: number, hash: number): number {
  for (let index = start; index < end; index += step) hash = Math.imul(hash ^ data[index]!, FNV_PRIME)
  return hash
}
