import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import { ByteQueue } from '../ebml/byte-queue.ts'
import { type ElementHeader, readElementHeader } from '../ebml/element-header.ts'
import { ElementTree } from '../ebml/element-tree.ts'
import {
  ANYWHERE,
  type ElementDefinition,
  elementDefinition,
  isChildOf,
  schemaPath,
} from '../schema/element.ts'
import { WANTED } from './wanted-elements.ts'

/**
 * Parses a master element from its whole payload, which begins at `dataOffset`. It keeps the children that `MkvReader` keeps.
 * Throws `MkvSyntaxError` for a child that does not fit, and `MkvLimitError` for more than `maxElements`.
 */
export function parseElementTree(
  definition: ElementDefinition,
  byteOffset: number,
  payload: { readonly bytes: Uint8Array; readonly dataOffset: number },
  maxElements: number,
): ElementTree {
  const parser = new TreeParser(payload.bytes, payload.dataOffset, maxElements)
  return parser.master(definition, byteOffset, payload.dataOffset + payload.bytes.length)
}

class TreeParser {
  readonly #queue = new ByteQueue()
  #offset: number
  #elementsLeft: number
  readonly #maxElements: number
  readonly #header: ElementHeader = { id: 0, size: undefined, length: 0 }

  constructor(bytes: Uint8Array, offset: number, maxElements: number) {
    this.#queue.push(bytes)
    this.#offset = offset
    this.#elementsLeft = maxElements
    this.#maxElements = maxElements
  }

  master(definition: ElementDefinition, byteOffset: number, end: number): ElementTree {
    const tree = new ElementTree(definition, byteOffset)
    while (this.#offset < end) this.#child(tree, end)
    return tree
  }

  #child(parent: ElementTree, parentEnd: number): void {
    const path = schemaPath(parent.definition)
    const byteOffset = this.#offset
    const fail = (problem: string, at: number) => new MkvSyntaxError(problem, byteOffset + at, path)
    if (!readElementHeader(this.#queue, this.#header, fail))
      throw fail('an element header that is cut off', 0)
    const { id, size, length } = this.#header
    this.#skip(length)
    const end = this.#offset + (size ?? Number.POSITIVE_INFINITY)
    if (end > parentEnd) throw fail(`an element that outruns ${parent.definition.name}`, 0)
    const definition = elementDefinition(id)
    if (definition === undefined || !isKept(definition, parent.definition)) {
      this.#skip(end - this.#offset)
      return
    }
    if (--this.#elementsLeft < 0)
      throw new MkvLimitError(
        `more than ${this.#maxElements} elements`,
        'maxMetadataElements',
        byteOffset,
        path,
      )
    if (definition.type === 'master') parent.children.push(this.master(definition, byteOffset, end))
    else {
      const bytes = Buffer.from(this.#queue.take(end - this.#offset))
      this.#offset = end
      parent.children.push({ definition, byteOffset, bytes })
    }
  }

  #skip(count: number): void {
    this.#queue.skip(count)
    this.#offset += count
  }
}

function isKept(definition: ElementDefinition, parent: ElementDefinition): boolean {
  return definition.parentId !== ANYWHERE && WANTED.has(definition.id) && isChildOf(definition, parent.id)
}
