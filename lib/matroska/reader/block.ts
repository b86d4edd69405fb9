import { MkvSyntaxError } from '../../core/errors.ts'
import { type BytePlace, bytesOf } from '../ebml/byte-segment.ts'
import { readVint } from '../ebml/vint.ts'
import { lacedFrames } from './lacing.ts'

/** The head of a SimpleBlock or a Block (RFC 9559, section 10.1 and 10.2), and where its frames lie. */
export type Block = {
  readonly track: number
  /** Ticks from the cluster's timestamp; may be negative. */
  readonly relativeTicks: number
  /** A SimpleBlock's word; a Block has none, its group tells. */
  readonly keyframe: boolean
  readonly invisible: boolean
  readonly discardable: boolean
  /** The two lacing bits; 0 where all that follows is one frame. */
  readonly lacing: number
  /** The whole payload, and the index of the first byte behind the head. */
  readonly place: Readonly<BytePlace>
  readonly contentStart: number
  /** Where the element begins, and what it is called: for errors. */
  readonly byteOffset: number
  readonly elementPath: string
}

/** Bits of the flags. */
export const KEYFRAME = 0x80
export const INVISIBLE = 0x08
export const LACING = 0x06
export const DISCARDABLE = 0x01

/** Reads a block's payload. */
export function readBlock(place: Readonly<BytePlace>, byteOffset: number, elementPath: string): Block {
  const { start, end } = place
  const { bytes } = place.segment
  const track = readVint(bytes, start, end)
  const head = start + (track?.length ?? 0) + 3
  if (track === undefined || end < head) {
    throw new MkvSyntaxError(
      `a block of ${end - start} bytes, too short for its track, time and flags,`,
      byteOffset,
      elementPath,
    )
  }
  const flags = bytes[head - 1]!
  return {
    track: track.value,
    relativeTicks: relativeTicks(bytes, head - 3),
    keyframe: (flags & KEYFRAME) !== 0,
    invisible: (flags & INVISIBLE) !== 0,
    discardable: (flags & DISCARDABLE) !== 0,
    lacing: flags & LACING,
    place,
    contentStart: head,
    byteOffset,
    elementPath,
  }
}

/** Two bytes, with their sign. */
export function relativeTicks(bytes: Uint8Array, at: number): number {
  const ticks = (bytes[at]! << 8) | bytes[at + 1]!
  return (ticks << 16) >> 16
}

/** The frames of any block, as views. */
export function blockFrames(block: Block): Uint8Array[] {
  const { place, contentStart, lacing, byteOffset, elementPath } = block
  if (lacing === 0) return [place.segment.view(contentStart, place.end)]
  const fail = (problem: string) => new MkvSyntaxError(problem, byteOffset, elementPath)
  return lacedFrames(bytesOf(place), contentStart - place.start, lacing, fail)
}
