import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import { block, element, encodeId, encodeSize, uint, vint } from '../../mkv/writer.ts'
import type { FragmentFrame } from '../../stages/events.ts'

/** A block as pieces to be written one after the other; the frame's bytes are the frame's own, not a copy. */
export type BlockPieces = readonly Uint8Array[]

const SIMPLE_BLOCK_ID = encodeId(ID.SimpleBlock)
const KEYFRAME = 0x80

/** A SimpleBlock of one frame (RFC 9559, section 10.2). */
export function simpleBlockPieces(frame: FragmentFrame, relativeMs: number): BlockPieces {
  const track = vint(frame.track)
  const timeAndFlags = Buffer.alloc(3)
  timeAndFlags.writeInt16BE(relativeMs)
  timeAndFlags[2] = frame.keyframe ? KEYFRAME : 0
  const size = encodeSize(track.length + timeAndFlags.length + frame.data.length)
  return [Buffer.concat([SIMPLE_BLOCK_ID, size, track, timeAndFlags]), frame.data]
}

/** A BlockGroup, for what is shown for a time of its own, such as a subtitle. */
export function timedBlockPieces(frame: FragmentFrame, relativeMs: number, durationMs: number): BlockPieces {
  const content = { track: frame.track, relativeTimestamp: relativeMs, frames: [frame.data] }
  const parts = [block(content), uint(ID.BlockDuration, Math.round(durationMs))]
  return [element(ID.BlockGroup, Buffer.concat(parts))]
}
