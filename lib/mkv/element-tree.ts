import { MkvSyntaxError } from '../errors.ts'
import { type ElementDefinition, schemaPath } from './schema/element.ts'
import { readFloat, readString, readUint, readUintBig } from './values.ts'

/** A small master element read whole, with accessors that fall back on the schema's defaults. */
export class ElementTree {
  readonly definition: ElementDefinition
  readonly byteOffset: number
  readonly children: (ElementTree | ElementLeaf)[] = []

  constructor(definition: ElementDefinition, byteOffset: number) {
    this.definition = definition
    this.byteOffset = byteOffset
  }

  /** The masters among the children with this id, in their order. */
  *masters(id: number): Generator<ElementTree> {
    for (const child of this.children) {
      if (child instanceof ElementTree && child.definition.id === id) yield child
    }
  }

  master(id: number): ElementTree | undefined {
    for (const child of this.masters(id)) return child
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

  *leaves(id: number): Generator<ElementLeaf> {
    for (const child of this.children) {
      if (!(child instanceof ElementTree) && child.definition.id === id) yield child
    }
  }

  #leaf(id: number): ElementLeaf | undefined {
    return this.children.findLast(
      (child): child is ElementLeaf =>
        'bytes' in child && child.definition.id === id && !(child instanceof ElementTree),
    )
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
