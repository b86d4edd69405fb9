import { MkvSyntaxError } from '../../core/errors.ts'
import { readName } from '../reader/name-table.ts'
import { type ElementDefinition, schemaPath } from '../schema/element.ts'
import { readFloat, readString, readUint, readUintBig } from './values.ts'

/** A small master element read whole, with accessors that fall back on the schema's defaults. */
export class ElementTree {
  readonly definition: ElementDefinition
  readonly byteOffset: number
  readonly children: (ElementTree | ElementLeaf)[]

  constructor(
    definition: ElementDefinition,
    byteOffset: number,
    children: (ElementTree | ElementLeaf)[] = [],
  ) {
    this.definition = definition
    this.byteOffset = byteOffset
    this.children = children
  }

  /** The masters among the children with this id, in their order. */
  masters(id: number): ElementTree[] {
    const found: ElementTree[] = []
    for (const child of this.children) if (isMaster(child, id)) found.push(child)
    return found
  }

  master(id: number): ElementTree | undefined {
    for (const child of this.children) if (isMaster(child, id)) return child
    return undefined
  }

  /** Bytes of the last child with this id: where an element that should come once repeats, the later counts. */
  bytes(id: number): Uint8Array | undefined {
    return this.#leaf(id)?.bytes
  }

  uint(id: number): number | undefined {
    return this.#value(id, readUint)
  }

  uintBig(id: number): bigint | undefined {
    return this.#value(id, readUintBig)
  }

  float(id: number): number | undefined {
    return this.#value(id, readFloat)
  }

  string(id: number): string | undefined {
    return this.#value(id, readString)
  }

  /** As `string`, of text that other elements of the kind have too. */
  name(id: number): string | undefined {
    return this.#value(id, readName)
  }

  leaves(id: number): ElementLeaf[] {
    return this.children.filter(child => isLeaf(child, id))
  }

  #leaf(id: number): ElementLeaf | undefined {
    for (let index = this.children.length - 1; index >= 0; index--) {
      const child = this.children[index]!
      if (isLeaf(child, id)) return child
    }
    return undefined
  }

  #value<T>(id: number, read: (bytes: Uint8Array) => T | undefined): T | undefined {
    const leaf = this.#leaf(id)
    if (leaf === undefined) return undefined
    // An empty element holds its default (RFC 8794, section 6.1).
    const fallback = leaf.bytes.length === 0 ? leaf.definition.default : undefined
    return (fallback as T | undefined) ?? leafValue(leaf, read)
  }
}

/** An element that holds a value, not elements. */
export type ElementLeaf = {
  readonly definition: ElementDefinition
  readonly byteOffset: number
  readonly bytes: Uint8Array
}

function isMaster(child: ElementTree | ElementLeaf, id: number): child is ElementTree {
  return child.definition.id === id && child instanceof ElementTree
}

function isLeaf(child: ElementTree | ElementLeaf, id: number): child is ElementLeaf {
  return child.definition.id === id && !(child instanceof ElementTree)
}

/** Whether two elements say the same, wherever they lie. */
export function sameElements(a: ElementTree | ElementLeaf, b: ElementTree | ElementLeaf): boolean {
  if (a === b) return true
  if (a.definition !== b.definition) return false
  if (!(a instanceof ElementTree)) return !(b instanceof ElementTree) && sameBytes(a.bytes, b.bytes)
  if (!(b instanceof ElementTree) || a.children.length !== b.children.length) return false
  return a.children.every((child, index) => sameElements(child, b.children[index]!))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** The value of a leaf; an error where its length is not one of its type's. */
export function leafValue<T>(leaf: ElementLeaf, read: (bytes: Uint8Array) => T | undefined): T {
  const value = read(leaf.bytes)
  if (value !== undefined) return value
  const { name, type } = leaf.definition
  throw new MkvSyntaxError(
    `${name} of ${leaf.bytes.length} bytes is no ${type} that can be read`,
    leaf.byteOffset,
    schemaPath(leaf.definition),
  )
}
