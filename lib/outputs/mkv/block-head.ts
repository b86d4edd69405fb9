import type { FragmentFrame } from '../../get-media/events.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { binary, encodeId, encodeSize, int, master, uint, vint } from '../../matroska/writer/writer.ts'

/** A block as pieces to be written one after the other; the frame's bytes are the frame's own, not a copy. */
export type BlockPieces = readonly Uint8Array[]

const SIMPLE_BLOCK_ID = encodeId(ID.SimpleBlock)
const BLOCK_ID = encodeId(ID.Block)
const BLOCK_GROUP_ID = encodeId(ID.BlockGroup)
const KEYFRAME = 0x80
const INVISIBLE = 0x08
const DISCARDABLE = 0x01

/** A SimpleBlock of one frame (RFC 9559, section 10.2). */
export function simpleBlockPieces(frame: FragmentFrame, relativeMs: number): BlockPieces {
  const { keyframe, invisible, discardable, data } = frame
  const flags = (keyframe ? KEYFRAME : 0) | (invisible ? INVISIBLE : 0) | (discardable ? DISCARDABLE : 0)
  const head = blockHead(frame.track, relativeMs, flags)
  return [Buffer.concat([SIMPLE_BLOCK_ID, encodeSize(head.length + data.length), head]), data]
}

/** Whether a frame has facts that a SimpleBlock has no place for. */
export function needsBlockGroup({ discardPaddingNs, blockAdditions }: FragmentFrame): boolean {
  return discardPaddingNs !== undefined || blockAdditions !== undefined
}

/**
 * A BlockGroup of one frame (RFC 9559, section 5.1.3.5), for what lasts a time of its own, such as a subtitle, and for
 * DiscardPadding and BlockAdditions. Its Block has no flag for a keyframe, nor for what is discardable.
 */
export function blockGroupPieces(
  frame: FragmentFrame,
  relativeMs: number,
  durationMs: number | undefined,
): BlockPieces {
  const head = blockHead(frame.track, relativeMs, frame.invisible ? INVISIBLE : 0)
  const blockSize = encodeSize(head.length + frame.data.length)
  const tail = Buffer.concat([
    ...(durationMs === undefined ? [] : [uint(ID.BlockDuration, Math.round(durationMs))]),
    // Zero: it needs another frame, and nobody knows which (section 5.1.3.5.5).
    ...(frame.keyframe ? [] : [int(ID.ReferenceBlock, 0)]),
    ...extraElements(frame),
  ])
  const blockBytes = BLOCK_ID.length + blockSize.length + head.length + frame.data.length
  const groupSize = encodeSize(blockBytes + tail.length)
  return [Buffer.concat([BLOCK_GROUP_ID, groupSize, BLOCK_ID, blockSize, head]), frame.data, tail]
}

function extraElements({ discardPaddingNs, blockAdditions }: FragmentFrame): Buffer[] {
  const additions = blockAdditions?.map(({ id, data }) =>
    master(ID.BlockMore, uint(ID.BlockAddID, id), binary(ID.BlockAdditional, data)),
  )
  return [
    ...(discardPaddingNs === undefined ? [] : [int(ID.DiscardPadding, discardPaddingNs)]),
    ...(additions === undefined ? [] : [master(ID.BlockAdditions, ...additions)]),
  ]
}

/** Track, time and flags. */
function blockHead(track: number, relativeMs: number, flags: number): Buffer {
  const timeAndFlags = Buffer.alloc(3)
  timeAndFlags.writeInt16BE(relativeMs)
  timeAndFlags[2] = flags
  return Buffer.concat([vint(track), timeAndFlags])
}
