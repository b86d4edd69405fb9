import { type ElementLeaf, ElementTree } from '../ebml/element-tree.ts'
import { element, master } from './writer.ts'

/** An element that was read, as bytes again: the same values, with sizes in the fewest octets, and without Void and CRC-32. */
export function treeBytes(read: ElementTree | ElementLeaf): Buffer {
  if (read instanceof ElementTree) return master(read.definition.id, ...read.children.map(treeBytes))
  return element(read.definition.id, read.bytes)
}

/** The children that are not told otherwise, as bytes one behind the other; `undefined` where there are none. */
export function otherElements(parent: ElementTree, told: ReadonlySet<number>): Uint8Array | undefined {
  const others = parent.children.filter(({ definition }) => !told.has(definition.id))
  return others.length === 0 ? undefined : Uint8Array.from(Buffer.concat(others.map(treeBytes)))
}
