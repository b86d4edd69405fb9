import { type BytePlace, bytesOf } from '../ebml/byte-segment.ts'
import type { EbmlReader } from '../ebml/ebml-reader.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import type { ElementDefinition } from '../schema/element.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'

type Children = ElementTree['children']

/** What a document says before its first tag. */
const REPEATED: ReadonlySet<number> = new Set([ID.EBML, ID.Info, ID.Tracks])
/** Larger ones are read each time. */
const MAX_BYTES = 4096

/**
 * Each document of a GetMedia payload begins as the last one did: its EBML header, Info and Tracks are the same bytes again.
 * Where that is so they are passed over, and hold what was read the first time: half of a document's elements, and a tenth
 * of the time for call audio.
 */
export class RepeatedElements {
  readonly #known = new Map<number, { readonly bytes: Uint8Array; readonly children: Children }>()
  /** The payload of the element under way, where all of it has come. */
  #bytes: Uint8Array | undefined
  /** Where that element ends. */
  #end = 0

  /** What an element that was just opened holds, where that is known; the reader has passed over it then. */
  childrenOf({ id }: ElementDefinition, reader: EbmlReader): Children | undefined {
    this.#bytes = undefined
    if (!REPEATED.has(id)) return undefined
    const ahead = reader.payloadAhead()
    if (ahead === undefined) return undefined
    const known = this.#known.get(id)
    if (known !== undefined && isAt(ahead, known.bytes)) {
      reader.passOver(ahead)
      return known.children
    }
    if (ahead.end - ahead.start <= MAX_BYTES) this.#bytes = Uint8Array.from(bytesOf(ahead))
    this.#end = reader.byteOffset + ahead.end - ahead.start
    return undefined
  }

  /** The element is read up to `end`, and nothing in it is wrong, unless it ended before its size says so. */
  remember({ definition, children }: ElementTree, end: number): void {
    if (this.#bytes !== undefined && end === this.#end)
      this.#known.set(definition.id, { bytes: this.#bytes, children })
    this.#bytes = undefined
  }
}

function isAt({ segment, start, end }: Readonly<BytePlace>, bytes: Uint8Array): boolean {
  if (end - start !== bytes.length) return false
  for (let index = 0; index < bytes.length; index++) {
    if (segment.bytes[start + index] !== bytes[index]) return false
  }
  return true
}
