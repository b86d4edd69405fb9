import { MkvSyntaxError } from '../errors.ts'
import { lacedFrames } from './lacing.ts'
import { readVint } from './vint.ts'

/** The head of a SimpleBlock or a Block (RFC 9559, section 10.1 and 10.2), and the frames behind it. */
export type Block = {
  readonly track: number
  /** Ticks from the cluster's timestamp; may be negative. */
  readonly relativeTicks: number
  /** A SimpleBlock's word; a Block has none, its group tells. */
  readonly keyframe: boolean
  readonly invisible: boolean
  readonly discardable: boolean
  readonly frames: readonly Uint8Array[]
}

const KEYFRAME = 0x80
const INVISIBLE = 0x08
const LACING = 0x06
const DISCARDABLE = 0x01

/** Reads a block's payload. Frames are views of it. */
export function readBlock(bytes: Uint8Array, byteOffset: number, name: string): Block {
  const track = readVint(bytes, 0)
  const head = (track?.length ?? 0) + 3
  if (track === undefined || bytes.length < head) {
    throw new MkvSyntaxError(
      `a block of ${bytes.length} bytes, too short for its track, time and flags,`,
      byteOffset,
      name,
    )
  }
  const flags = bytes[head - 1]!
  const ticks = (bytes[head - 3]! << 8) | bytes[head - 2]!
  return {
    track: track.value,
    relativeTicks: (ticks << 16) >> 16,
    keyframe: (flags & KEYFRAME) !== 0,
    invisible: (flags & INVISIBLE) !== 0,
    discardable: (flags & DISCARDABLE) !== 0,
    frames:
      (flags & LACING) === 0
        ? [bytes.subarray(head)]
        : lacedFrames(bytes, head, flags & LACING, problem => new MkvSyntaxError(problem, byteOffset, name)),
  }
}
