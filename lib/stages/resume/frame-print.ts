import * as zlib from 'node:zlib'
import type { FragmentFrame } from '../events.ts'

/**
 * What is kept of a delivered frame, so that it is known again when the service sends its fragment once more:
 * a few numbers, not the frame. Of a whole fragment's frames, some thousands at most, until it has ended.
 */
export type FramePrint = {
  readonly track: number
  readonly timestampMs: number
  readonly laceIndex: number
  readonly keyframe: boolean
  readonly size: number
  readonly crc: number
}

export function framePrint(frame: FragmentFrame): FramePrint {
  const { track, timestampMs, laceIndex, keyframe, data } = frame
  return { track, timestampMs, laceIndex, keyframe, size: data.length, crc: crc32(data) }
}

/** What differs between two frames, in words; `undefined` where they are the same. */
export function frameDifference(before: FramePrint, now: FramePrint): string | undefined {
  if (before.track !== now.track) return `track ${now.track} in place of ${before.track}`
  if (before.timestampMs !== now.timestampMs)
    return `timestamp ${now.timestampMs} ms in place of ${before.timestampMs} ms`
  if (before.laceIndex !== now.laceIndex) return 'another place in its lace'
  if (before.keyframe !== now.keyframe) return now.keyframe ? 'a keyframe now' : 'no keyframe any more'
  if (before.size !== now.size) return `${now.size} bytes in place of ${before.size}`
  return before.crc === now.crc ? undefined : 'other bytes'
}

/** zlib's own runs at memory speed, but came only with Node 20.15. */
const crc32: (data: Uint8Array) => number =
  typeof zlib.crc32 === 'function' ? data => zlib.crc32(data) : crc32ByTable

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

/** @internal Exported for the spec that holds it equal to zlib's. */
export function crc32ByTable(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
