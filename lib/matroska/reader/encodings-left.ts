import type { ElementTree } from '../ebml/element-tree.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { treeBytes } from '../writer/tree-bytes.ts'
import { master, uint } from '../writer/writer.ts'

const SCOPE_FRAMES = 1
const SCOPE_CODEC_PRIVATE = 2
const TYPE_ENCRYPTION = 1

/**
 * The ContentEncodings that a track's frames and its CodecPrivate still have when they are handed on: its encryption, and
 * what lies under it (see `contentDecoder`). What has been undone is not among them any more, nor in their scopes.
 * `undefined` where nothing is left.
 */
export function encodingsLeft(trackEntry: ElementTree): Buffer | undefined {
  const encodings = [...(trackEntry.master(ID.ContentEncodings)?.masters(ID.ContentEncoding) ?? [])]
  const undone = new Map(
    [SCOPE_FRAMES, SCOPE_CODEC_PRIVATE].map(bit => [bit, undoneEncodings(encodings, bit)]),
  )
  const left = encodings.flatMap(encoding => {
    let scope = scopeOf(encoding)
    for (const [bit, those] of undone) if (those.has(encoding)) scope &= ~bit
    return scope === 0 ? [] : [withScope(encoding, scope)]
  })
  return left.length === 0 ? undefined : master(ID.ContentEncodings, ...left)
}

/** Of those that cover what `scope` says, from the highest order down: all before an encryption. */
function undoneEncodings(encodings: readonly ElementTree[], scope: number): ReadonlySet<ElementTree> {
  const covering = encodings
    .filter(encoding => (scopeOf(encoding) & scope) !== 0)
    .toSorted((a, b) => orderOf(b) - orderOf(a))
  const encryptedAt = covering.findIndex(isEncryption)
  return new Set(encryptedAt === -1 ? covering : covering.slice(0, encryptedAt))
}

function withScope(encoding: ElementTree, scope: number): Buffer {
  const others = encoding.children.filter(({ definition }) => definition.id !== ID.ContentEncodingScope)
  return master(ID.ContentEncoding, ...others.map(treeBytes), uint(ID.ContentEncodingScope, scope))
}

function isEncryption(encoding: ElementTree): boolean {
  return encoding.uint(ID.ContentEncodingType) === TYPE_ENCRYPTION
}

function orderOf(encoding: ElementTree): number {
  return encoding.uint(ID.ContentEncodingOrder) ?? 0
}

function scopeOf(encoding: ElementTree): number {
  return encoding.uint(ID.ContentEncodingScope) ?? SCOPE_FRAMES
}
