import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import type { HeaderTags } from './ingest-settings.ts'

/** An element of the Segment before the first Cluster. */
export type HeaderPart = { readonly id: number; readonly bytes: Uint8Array }

/**
 * The parts of a header that every fragment after the first repeats. Tags before Info are in the first fragment only, as
 * in captures of GetMedia; `headerTags` decides for those after it.
 */
export function repeatedParts(parts: readonly HeaderPart[], headerTags: HeaderTags): readonly HeaderPart[] {
  const info = parts.findIndex(part => part.id === ID.Info)
  return parts.filter((part, index) => part.id !== ID.Tags || (headerTags === 'repeat' && index > info))
}
