/** A tag's value: text, or bytes from a TagBinary. A tag with neither has the empty text. */
export type TagValue = string | Uint8Array

/** Segment\Tags\Tag\SimpleTag (RFC 9559, section 5.1.8.1.2). */
export type SimpleTag = {
  readonly name: string
  readonly value: TagValue
  readonly language: string
  /** SimpleTags nested in this one. */
  readonly children: readonly SimpleTag[]
}

/** Segment\Tags\Tag: what its tags speak of, and the tags. No target means the whole segment. */
export type Tag = {
  readonly targetTypeValue: number
  readonly trackUids: readonly bigint[]
  readonly simpleTags: readonly SimpleTag[]
}

/** TargetTypeValue 50 speaks of the whole segment; it is the default (RFC 9559, section 5.1.8.1.1.1). */
export const WHOLE_SEGMENT = 50
/** ISO 639-2's word for a language that is not told. */
export const UNKNOWN_LANGUAGE = 'und'

/** The SimpleTags of some Tags, nested ones too, in the payload's order: a parent before its children. */
export function flattenTags(tags: readonly Tag[]): SimpleTag[] {
  const flat: SimpleTag[] = []
  for (const tag of tags) flattenInto(flat, tag.simpleTags)
  return flat
}

function flattenInto(flat: SimpleTag[], simpleTags: readonly SimpleTag[]): void {
  for (const simpleTag of simpleTags) {
    flat.push(simpleTag)
    flattenInto(flat, simpleTag.children)
  }
}
