import { type ElementTree, leafValue } from '../ebml/element-tree.ts'
import { readIntBig } from '../ebml/values.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import type { BlockAddition, MkvEvent, MkvFrame } from './events.ts'

/**
 * Adds a BlockGroup's DiscardPadding and BlockAdditions to its frames: `first`, and for a lace those from `others[from]` on.
 * Padding at the end is the last frame's; padding at the start, and the additions, are the first one's. Returns the first.
 */
export function withBlockExtras(
  group: ElementTree,
  first: MkvFrame,
  others: MkvEvent[],
  from: number,
): MkvFrame {
  const discardPaddingNs = readDiscardPadding(group)
  const blockAdditions = readBlockAdditions(group)
  if (discardPaddingNs === undefined && blockAdditions === undefined) return first
  const last = others.length > from ? (others.at(-1) as MkvFrame) : undefined
  const isAtEnd = discardPaddingNs !== undefined && discardPaddingNs > 0 && last !== undefined
  if (isAtEnd) others[others.length - 1] = { ...last, discardPaddingNs }
  return {
    ...first,
    ...(discardPaddingNs === undefined || isAtEnd ? {} : { discardPaddingNs }),
    ...(blockAdditions === undefined ? {} : { blockAdditions }),
  }
}

function readDiscardPadding(group: ElementTree): number | undefined {
  const leaf = group.leaves(ID.DiscardPadding).at(-1)
  const ns = leaf === undefined ? 0 : Number(leafValue(leaf, readIntBig))
  return ns === 0 ? undefined : ns
}

/** BlockMore elements without a BlockAdditional, which is mandatory, are not additions. */
function readBlockAdditions(group: ElementTree): readonly BlockAddition[] | undefined {
  const additions = group.masters(ID.BlockAdditions).flatMap(each =>
    each.masters(ID.BlockMore).flatMap((more): BlockAddition[] => {
      const data = more.bytes(ID.BlockAdditional)
      return data === undefined ? [] : [{ id: more.uint(ID.BlockAddID) ?? 1, data }]
    }),
  )
  return additions.length === 0 ? undefined : additions
}
