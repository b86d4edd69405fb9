import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import { knownOptions, optionNames } from '../options.ts'
import { ByteQueue } from './byte-queue.ts'
import { type BytePlace, bytesOf, placeOf } from './byte-segment.ts'
import type { EbmlEvent, EbmlReaderOptions, PlacedData, PlacedEbmlEvent } from './ebml-events.ts'
import { checkMagic, type ElementHeader, hex, readElementHeader, readPlainSize } from './element-header.ts'
import { ANYWHERE, type ElementDefinition, elementDefinition, isChildOf, ROOT } from './schema/element.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { vintLength } from './vint.ts'

export type { EbmlEvent, EbmlReaderOptions } from './ebml-events.ts'

const OPTIONS = optionNames<EbmlReaderOptions>({ wants: true, maxFrameBytes: true, maxMetadataBytes: true })

/**
 * Reads elements from bytes that come in any portions (RFC 8794). Bytes go in by `push`, and `next` gives what they
 * complete, until it gives `undefined`: not enough bytes. After `end`, `next` gives what is left to be said.
 *
 * Elements of unknown size end as the schema says (RFC 8794, section 6.2): at the first element that cannot lie in
 * them but can lie in what holds them; no element is a special case. Void and CRC-32 may be anywhere and end nothing.
 * What is not asked for is counted and dropped, never stored.
 */
export class EbmlReader {
  readonly #bytes = new ByteQueue()
  readonly #options: EbmlReaderOptions
  /** Of the two limits: what is not above it breaks neither. */
  readonly #smallestLimit: number
  readonly #stack: OpenElement[] = []
  /** The innermost open element: the top of the stack. */
  #parent: OpenElement | undefined
  #state: State = HEADER
  /** One object each for all headers, and for all payloads that are told of. */
  readonly #header: ElementHeader = { id: 0, size: undefined, length: 0 }
  readonly #data: PlacedData = { kind: 'data', definition: VOID, byteOffset: 0, place: NOWHERE }
  readonly #known = new Map<number, KnownElement>()
  #lastId = 0
  #lastKnown: KnownElement | undefined
  /** Known from the first one on, which goes the general way. */
  #wantsBlocks = false
  /** Offset of the first unread byte in the payload. */
  #offset = 0
  #ended = false
  #sawHeader = false

  constructor(options: EbmlReaderOptions) {
    knownOptions('EbmlReader', options, OPTIONS)
    this.#options = options
    this.#smallestLimit = Math.min(options.maxFrameBytes, options.maxMetadataBytes)
  }

  /** Accepts the next bytes, which must not change from now on: what is read may be views of them. */
  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk)
  }

  /** Says that no more bytes come. */
  end(): void {
    this.#ended = true
  }

  /** Offset of the first byte that has not been read, from the payload's first. */
  get byteOffset(): number {
    return this.#offset
  }

  /** The next thing read, or `undefined` when more bytes are needed, or all has been said. */
  next(): EbmlEvent | undefined {
    const event = this.nextPlaced()
    if (event?.kind !== 'data') return event
    const { kind, definition, byteOffset, place } = event
    return { kind, definition, byteOffset, bytes: bytesOf(place) }
  }

  /** @internal As `next`, with no view made of a payload. What is told of one is good until the next call. */
  nextPlaced(): PlacedEbmlEvent | undefined {
    const block = this.#plainBlock()
    if (block !== undefined) return block
    for (;;) {
      const event = this.#step()
      if (event === NEED_MORE) {
        this.#bytes.letGo()
        return this.#ended ? this.#finish() : undefined
      }
      if (event !== undefined) return event
    }
  }

  /** @internal Where all that the element holds lies that was just opened, for a look ahead; `undefined` where that is not all in one chunk. */
  payloadAhead(): Readonly<BytePlace> | undefined {
    const size = this.#parent?.size
    return size === undefined ? undefined : this.#bytes.placeAhead(size)
  }

  /** @internal Passes over what `payloadAhead` tells of: the element ends next. */
  passOver({ start, end }: Readonly<BytePlace>): void {
    this.#bytes.skip(end - start)
    this.#offset += end - start
  }

  #step(): PlacedEbmlEvent | typeof NEED_MORE | undefined {
    const state = this.#state
    if (state === HEADER) return this.#readHeader()
    switch (state.name) {
      case 'payload':
        return this.#readPayload(state)
      case 'skip':
        return this.#skip(state)
      default:
        return NEED_MORE
    }
  }

  /**
   * The next element where it is a block of a cluster, lies in one chunk, and breaks no rule: nearly all do. A reader of
   * 320-byte blocks takes a sixth less for each so.
   */
  #plainBlock(): PlacedData | undefined {
    if (this.#parent?.definition !== CLUSTER || this.#state !== HEADER || !this.#wantsBlocks) return undefined
    const { bytes, start, end } = this.#bytes.peek(1)
    const sizeStart = start + 1
    if (sizeStart >= end || bytes[start] !== ID.SimpleBlock) return undefined
    const sizeLength = vintLength(bytes[sizeStart]!)
    const dataStart = sizeStart + sizeLength
    if (sizeLength > 8 || dataStart > end) return undefined
    const size = readPlainSize(bytes, sizeStart, sizeLength)
    if (size < 0 || dataStart + size > end || size > this.#smallestLimit) return undefined
    const byteOffset = this.#offset
    const headerLength = dataStart - start
    if (byteOffset + headerLength + size > this.#parent.limit) return undefined
    this.#bytes.skip(headerLength)
    this.#offset = byteOffset + headerLength
    return this.#payload(SIMPLE_BLOCK, byteOffset, size)
  }

  #readHeader(): PlacedEbmlEvent | typeof NEED_MORE | undefined {
    const parent = this.#parent
    if (parent !== undefined && this.#offset === parent.limit) return this.#close()
    if (!this.#sawHeader && parent === undefined) this.#checkStart()
    const header = this.#header
    if (!readElementHeader(this.#bytes, header, this.#failInHeader)) return NEED_MORE
    const known = this.#knownElement(header.id)
    if (this.#endsParent(known?.definition)) return this.#close()
    return this.#enter(header, known)
  }

  /** What the schema says of an id, and whether it is asked for: that is found out once for each id. */
  #knownElement(id: number): KnownElement | undefined {
    // Blocks come one behind the other.
    if (id !== this.#lastId) {
      this.#lastId = id
      this.#lastKnown = this.#known.get(id) ?? this.#getToKnow(id)
    }
    return this.#lastKnown
  }

  #getToKnow(id: number): KnownElement | undefined {
    const definition = elementDefinition(id)
    if (definition === undefined) return undefined
    const isWanted = definition.parentId !== ANYWHERE && this.#options.wants(definition)
    const known = { definition, isWanted, isMaster: definition.type === 'master' }
    this.#known.set(id, known)
    if (id === ID.SimpleBlock) this.#wantsBlocks = isWanted
    return known
  }

  /** Before the first EBML header nothing but Void is EBML's own. */
  #checkStart(): void {
    if (this.#bytes.length > 0 && this.#bytes.byteAt(0) !== ID.Void)
      checkMagic(this.#bytes, this.#failInHeader)
  }

  /** Whether the next element ends the innermost open one, which has no known size. */
  #endsParent(next: ElementDefinition | undefined): boolean {
    const parent = this.#parent
    if (parent === undefined || parent.size !== undefined || next === undefined) return false
    if (isChildOf(next, parent.definition.id)) return false
    for (let i = this.#stack.length - 2; i >= 0; i--) {
      const ancestor = this.#stack[i]!
      if (isChildOf(next, ancestor.definition.id)) return true
      if (ancestor.size !== undefined) return false
    }
    return isChildOf(next, ROOT)
  }

  #enter({ id, size, length }: ElementHeader, known: KnownElement | undefined): PlacedEbmlEvent | undefined {
    const byteOffset = this.#offset
    const parent = this.#parent
    const definition = known?.definition
    if (parent !== undefined) this.#checkEnd(byteOffset + length + (size ?? 0), parent, definition)
    this.#bytes.skip(length)
    this.#offset = byteOffset + length
    if (id === ID.EBML) this.#sawHeader = true
    const isWanted = known?.isWanted === true && isChildOf(known.definition, parent?.definition.id ?? ROOT)
    if (isWanted && known.isMaster) return this.#open(known.definition, size, byteOffset, parent)
    if (size === undefined) throw this.#error(`${nameOf(id, definition)} has an unknown size`, byteOffset)
    if (!isWanted) {
      this.#state = { name: 'skip', id, definition, byteOffset, left: size }
      return undefined
    }
    if (size > this.#smallestLimit) this.#checkLimit(known.definition, size, byteOffset)
    if (this.#bytes.length >= size) return this.#payload(known.definition, byteOffset, size)
    this.#state = { name: 'payload', definition: known.definition, byteOffset, size }
    return undefined
  }

  #checkEnd(end: number, parent: OpenElement, definition: ElementDefinition | undefined): void {
    if (end <= parent.limit) return
    const { id, size } = this.#header
    throw this.#error(
      `${nameOf(id, definition)} of ${size ?? 'unknown'} bytes outruns ${parent.definition.name}, which ends at byte ${parent.limit},`,
    )
  }

  #checkLimit(definition: ElementDefinition, size: number, byteOffset: number): void {
    const isBlock = definition.id === ID.SimpleBlock || definition.id === ID.Block
    const limit = isBlock ? this.#options.maxFrameBytes : this.#options.maxMetadataBytes
    if (size <= limit) return
    const option = isBlock ? 'maxFrameBytes' : 'maxMetadataBytes'
    const problem = `${definition.name} of ${size} bytes is over the limit of ${limit} bytes`
    throw new MkvLimitError(problem, option, byteOffset, this.#path(definition))
  }

  #open(
    definition: ElementDefinition,
    size: number | undefined,
    byteOffset: number,
    parent: OpenElement | undefined,
  ): PlacedEbmlEvent {
    if (this.#stack.length >= MAX_DEPTH) {
      throw this.#error(`elements are nested more than ${MAX_DEPTH} deep`, byteOffset)
    }
    const parentLimit = parent?.limit ?? Number.POSITIVE_INFINITY
    const limit = size === undefined ? parentLimit : this.#offset + size
    this.#parent = { definition, size, limit }
    this.#stack.push(this.#parent)
    return { kind: 'open', definition, byteOffset, dataOffset: this.#offset, size }
  }

  #close(): PlacedEbmlEvent {
    const { definition } = this.#stack.pop()!
    this.#parent = this.#stack.at(-1)
    return { kind: 'close', definition, byteOffset: this.#offset }
  }

  #readPayload({ definition, byteOffset, size }: PayloadState): PlacedEbmlEvent | typeof NEED_MORE {
    if (this.#bytes.length < size) return NEED_MORE
    this.#state = HEADER
    return this.#payload(definition, byteOffset, size)
  }

  #payload(definition: ElementDefinition, byteOffset: number, size: number): PlacedData {
    const data = this.#data
    const place = this.#bytes.takePlace(size)
    if (data.place !== place) data.place = place
    data.definition = definition
    data.byteOffset = byteOffset
    this.#offset += size
    return data
  }

  #skip(state: SkipState): PlacedEbmlEvent | typeof NEED_MORE {
    const count = Math.min(state.left, this.#bytes.length)
    this.#bytes.skip(count)
    this.#offset += count
    state.left -= count
    if (state.left > 0) return NEED_MORE
    this.#state = HEADER
    const { id, definition, byteOffset } = state
    return { kind: 'skipped', id, definition, byteOffset, endOffset: this.#offset }
  }

  /** After the last byte: open elements of unknown size end here; anything else has been cut. */
  #finish(): PlacedEbmlEvent | undefined {
    if (this.#state.name === 'done') return undefined
    const isCut =
      this.#state.name !== 'header' ||
      this.#bytes.length > 0 ||
      this.#stack.some(element => element.size !== undefined)
    if (!isCut && this.#stack.length > 0) return this.#close()
    const elementPath = this.#path(this.#state.name === 'header' ? undefined : this.#state.definition)
    this.#state = DONE
    if (!isCut) return undefined
    return { kind: 'truncated', byteOffset: this.#offset + this.#bytes.length, elementPath }
  }

  readonly #failInHeader = (problem: string, at: number) => this.#error(problem, this.#offset + at)

  #error(problem: string, byteOffset: number = this.#offset): MkvSyntaxError {
    return new MkvSyntaxError(problem, byteOffset, this.#path())
  }

  #path(innermost?: ElementDefinition): string {
    const names = this.#stack.map(element => element.definition.name)
    if (innermost !== undefined) names.push(innermost.name)
    return names.join('/')
  }
}

type OpenElement = {
  readonly definition: ElementDefinition
  readonly size: number | undefined
  /** Where it must have ended: its own end, or else its parent's. */
  readonly limit: number
}

/** An element of the schema, as this reader is asked to treat it. */
type KnownElement = {
  readonly definition: ElementDefinition
  readonly isWanted: boolean
  readonly isMaster: boolean
}

type PayloadState = {
  readonly name: 'payload'
  readonly definition: ElementDefinition
  readonly byteOffset: number
  readonly size: number
}

type SkipState = {
  readonly name: 'skip'
  readonly id: number
  readonly definition: ElementDefinition | undefined
  readonly byteOffset: number
  left: number
}

type State = { readonly name: 'header' } | { readonly name: 'done' } | PayloadState | SkipState

const HEADER: State = { name: 'header' }
const DONE: State = { name: 'done' }
const VOID = elementDefinition(ID.Void)!
const CLUSTER = elementDefinition(ID.Cluster)!
const SIMPLE_BLOCK = elementDefinition(ID.SimpleBlock)!
const NOWHERE = placeOf(new Uint8Array(0))
const NEED_MORE = Symbol('more bytes are needed')
/** Matroska's own depth is 7; nested SimpleTags and chapters go deeper. */
const MAX_DEPTH = 64

function nameOf(id: number, definition: ElementDefinition | undefined): string {
  return definition?.name ?? `element ${hex(id)}`
}
