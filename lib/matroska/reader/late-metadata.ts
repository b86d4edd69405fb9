import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import { ByteQueue } from '../ebml/byte-queue.ts'
import { type ElementHeader, readElementHeader } from '../ebml/element-header.ts'
import type { ElementTree } from '../ebml/element-tree.ts'
import { elementDefinition } from '../schema/element.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { parseElementTree } from './parse-element-tree.ts'
import { seekPositions } from './seek-positions.ts'
import type { SeekableBytes } from './seekable-bytes.ts'

/** An element that comes after the first Cluster of its Segment, and where all of its bytes are. */
export type LateElement = {
  readonly id: number
  readonly byteOffset: number
  readonly dataOffset: number
  readonly end: number
}

export type LateMetadataSearch = {
  /** Where the contents of the Segment begin. */
  readonly segmentDataOffset: number
  /** Where its first Cluster begins; the search continues from there. */
  readonly clusterOffset: number
  /** Ids of the elements that are missing, in the order of the result. */
  readonly missing: readonly number[]
  /** Offsets from the SeekHead, by id. */
  readonly positions: ReadonlyMap<number, number>
}

/** The limits of one element, as in `MkvReaderOptions`. */
export type MetadataLimits = { readonly maxMetadataBytes: number; readonly maxMetadataElements: number }

/**
 * Finds elements after the first Cluster of a Segment: by its SeekHead, and else by the headers of the elements up to the
 * end of the Segment. Contents of Clusters whose size is known are not read.
 */
export function findLateMetadata(access: SeekableBytes, search: LateMetadataSearch): LateElement[] {
  const finder = new LateMetadataFinder(access)
  const bySeekHead = finder.follow(search)
  const missing = search.missing.filter(id => !bySeekHead.some(element => element.id === id))
  const found =
    missing.length === 0 ? bySeekHead : [...bySeekHead, ...finder.scan(search.clusterOffset, missing)]
  return search.missing.flatMap(id => found.find(element => element.id === id) ?? [])
}

/** Reads an element that was found. Throws `MkvSyntaxError` and `MkvLimitError`. */
export function readLateElement(
  access: SeekableBytes,
  { id, byteOffset, dataOffset, end }: LateElement,
  { maxMetadataBytes, maxMetadataElements }: MetadataLimits,
): ElementTree {
  const definition = elementDefinition(id)!
  if (end - dataOffset > maxMetadataBytes) {
    const problem = `${definition.name} of ${end - dataOffset} bytes is over the limit of ${maxMetadataBytes} bytes`
    throw new MkvLimitError(problem, 'maxMetadataBytes', byteOffset, `Segment/${definition.name}`)
  }
  const bytes = access.read(dataOffset, end - dataOffset)
  return parseElementTree(definition, byteOffset, { bytes, dataOffset }, maxMetadataElements)
}

class LateMetadataFinder {
  readonly #access: SeekableBytes
  /** The bytes that were read last, and how many to read next. */
  #window: Uint8Array = new Uint8Array(0)
  #windowOffset = 0
  #windowBytes = MIN_WINDOW_BYTES

  constructor(access: SeekableBytes) {
    this.#access = access
  }

  /** The missing elements that are where the SeekHead says, or a SeekHead that it names. */
  follow({ missing, positions, segmentDataOffset }: LateMetadataSearch): LateElement[] {
    const all = new Map(positions)
    const second = this.#elementAt(positions.get(ID.SeekHead), ID.SeekHead)
    if (second !== undefined) {
      for (const [id, at] of this.#positionsOf(second, segmentDataOffset)) if (!all.has(id)) all.set(id, at)
    }
    return missing.flatMap(id => this.#elementAt(all.get(id), id) ?? [])
  }

  /** Goes from header to header until all is found, or the Segment ends. */
  scan(from: number, missing: readonly number[]): LateElement[] {
    const found: LateElement[] = []
    let at = from
    while (found.length < missing.length) {
      const header = this.#headerAt(at)
      if (header === undefined || header.id === ID.EBML || header.id === ID.Segment) break
      const { id, size, length } = header
      if (missing.includes(id) && !found.some(element => element.id === id)) {
        const element = this.#elementAt(at, id)
        if (element !== undefined) found.push(element)
      }
      // Headers inside of a Cluster whose size does not tell its end are passed one by one.
      const isOpen = size === undefined || (id === ID.Cluster && size === 0)
      at += length + (isOpen ? 0 : size)
    }
    return found
  }

  #positionsOf({ byteOffset, dataOffset, end }: LateElement, segmentDataOffset: number): Map<number, number> {
    try {
      const bytes = this.#access.read(dataOffset, Math.min(end - dataOffset, MAX_SEEK_HEAD_BYTES))
      const definition = elementDefinition(ID.SeekHead)!
      const tree = parseElementTree(definition, byteOffset, { bytes, dataOffset }, MAX_SEEK_HEAD_BYTES)
      return seekPositions(tree, segmentDataOffset)
    } catch (error) {
      if (error instanceof MkvSyntaxError) return new Map()
      throw error
    }
  }

  /** The element with this id at an offset; `undefined` where there is none that is whole. */
  #elementAt(at: number | undefined, id: number): LateElement | undefined {
    const header = at === undefined ? undefined : this.#headerAt(at)
    if (at === undefined || header?.id !== id || header.size === undefined) return undefined
    const dataOffset = at + header.length
    const end = dataOffset + header.size
    return end > this.#access.size ? undefined : { id, byteOffset: at, dataOffset, end }
  }

  #headerAt(at: number): ElementHeader | undefined {
    if (at >= this.#access.size) return undefined
    const queue = new ByteQueue()
    queue.push(this.#bytesAt(at))
    const header: ElementHeader = { id: 0, size: undefined, length: 0 }
    const fail = (problem: string, offset: number) => new MkvSyntaxError(problem, at + offset, 'Segment')
    try {
      return readElementHeader(queue, header, fail) ? header : undefined
    } catch (error) {
      if (error instanceof MkvSyntaxError) return undefined
      throw error
    }
  }

  /** Some bytes from an offset on. Reads grow while they follow each other, as in a Cluster of unknown size. */
  #bytesAt(at: number): Uint8Array {
    const index = at - this.#windowOffset
    if (index >= 0 && index + MAX_HEADER_BYTES <= this.#window.length) {
      return this.#window.subarray(index, index + MAX_HEADER_BYTES)
    }
    const isNext = index >= 0 && index <= this.#window.length
    this.#windowBytes = isNext ? Math.min(this.#windowBytes * 2, MAX_WINDOW_BYTES) : MIN_WINDOW_BYTES
    this.#window = this.#access.read(at, this.#windowBytes)
    this.#windowOffset = at
    return this.#window.subarray(0, MAX_HEADER_BYTES)
  }
}

/** An id of four bytes and a size of eight. */
const MAX_HEADER_BYTES = 12
const MIN_WINDOW_BYTES = 4096
const MAX_WINDOW_BYTES = 256 * 1024
const MAX_SEEK_HEAD_BYTES = 1024 * 1024
