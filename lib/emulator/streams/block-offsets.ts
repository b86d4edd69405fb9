import { EbmlReader } from '../../matroska/ebml/ebml-reader.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import type { StoredFragment } from './fragment.ts'
import { SEGMENT_HEAD } from './service-tags.ts'

const READ: ReadonlySet<number> = new Set([
  ID.EBML,
  ID.Segment,
  ID.Cluster,
  ID.BlockGroup,
  ID.SimpleBlock,
  ID.Block,
])

/** For each block, a byte in its middle, counted from the Cluster's first: where a cut breaks that block. */
export function blockOffsets(fragment: Pick<StoredFragment, 'ebmlHeader' | 'cluster'>): number[] {
  const reader = new EbmlReader({
    wants: ({ id }) => READ.has(id),
    maxFrameBytes: Number.POSITIVE_INFINITY,
    maxMetadataBytes: Number.POSITIVE_INFINITY,
  })
  for (const part of [fragment.ebmlHeader, SEGMENT_HEAD, fragment.cluster]) reader.push(part)
  reader.end()
  const clusterOffset = fragment.ebmlHeader.length + SEGMENT_HEAD.length
  const offsets: number[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind !== 'data') continue
    offsets.push(event.byteOffset - clusterOffset + 1 + Math.ceil(event.bytes.length / 2))
  }
  return offsets
}
