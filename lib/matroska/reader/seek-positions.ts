import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'

/**
 * The entries of a SeekHead (RFC 9559, section 5.1.1): the offset of elements of the Segment, by id, from the payload's start.
 * Entries that do not name an element are left out: a SeekHead is a hint.
 */
export function seekPositions(seekHead: ElementTree, segmentDataOffset: number): Map<number, number> {
  const positions = new Map<number, number>()
  for (const seek of seekHead.masters(ID.Seek)) {
    const id = seek.bytes(ID.SeekID)
    const position = seek.bytes(ID.SeekPosition)
    if (id === undefined || id.length > 4 || position === undefined || position.length > 8) continue
    const value = numberOf(position)
    if (!positions.has(numberOf(id))) positions.set(numberOf(id), segmentDataOffset + value)
  }
  return positions
}

function numberOf(bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}
