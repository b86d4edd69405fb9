import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import { knownOptions, optionNames } from '../../core/options.ts'
import { ANYWHERE, type ElementDefinition, elementDefinition, isChildOf, ROOT } from '../schema/element.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { ByteQueue } from './byte-queue.ts'
import { type BytePlace, bytesOf, placeOf } from './byte-segment.ts'
import type { EbmlEvent, EbmlReaderOptions, EbmlWarning, PlacedData, PlacedEbmlEvent } from './ebml-events.ts'
import { checkMagic, type ElementHeader, hex, readElementHeader, readPlainSize } from './element-header.ts'
import { vintLength } from './vint.ts'

export type { EbmlEvent, EbmlReaderOptions, EbmlWarning } from './ebml-events.ts'

const OPTIONS = optionNames<EbmlReaderOptions>({ wants: true, maxFrameBytes: true, maxMetadataBytes: true })

/**
 * Reads elements from bytes that come in any portions (RFC 8794). Bytes go in by `push`, and `next` gives what they
 * complete, until it gives `undefined`: not enough bytes. After `end`, `next` gives what is left to be said.
 *
 * Elements of unknown size end as the schema says (RFC 8794, section 6.2): at the first element that cannot lie in
 * them but can lie in what holds them; no element is a special case. Void and CRC-32 may be anywhere and end nothing.
 * What is not asked for is counted and dropped, never stored.
 *
 * The size of a Segment is a hint: live recorders leave it at zero or at what it once was. A Segment ends at the next EBML
 * header or Segment, or with the bytes. The same holds for a Cluster of size zero, which ends as one of unknown size does. A
 * child of a Segment or a root element inside another master element ends that one. Each such contradiction gives a `warning`.
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
    const isAtEnd = parent !== undefined && this.#offset === parent.limit
    if (isAtEnd && !parent.mayGoOn) return this.#close()
    if (!this.#sawHeader && parent === undefined) this.#checkStart()
    const header = this.#header
    if (!readElementHeader(this.#bytes, header, this.#failInHeader)) return NEED_MORE
    const known = this.#knownElement(header.id)
    if (isAtEnd && known?.definition.parentId !== parent.definition.id) return this.#close()
    const warning = this.#sizeWarning(known?.definition)
    if (warning !== undefined) return warning
    if (this.#endsParent(known?.definition)) return this.#close()
    if (parent === undefined && known?.definition.parentId === ID.Segment) return this.#openImplicitSegment()
    return this.#enter(header, known)
  }

  /** Whether the header that was just read shows that the innermost open element declares a wrong size. */
  #sizeWarning(next: ElementDefinition | undefined): EbmlWarning | undefined {
    const parent = this.#parent
    if (parent === undefined || next === undefined || next.parentId === ANYWHERE) return undefined
    const { size = 0, length } = this.#header
    if (isChildOf(next, parent.definition.id)) {
      const end = this.#offset + length + size
      if (end <= parent.declaredEnd) return undefined
      const what = `${next.name} at byte ${this.#offset}`
      return this.#goesOn(parent, next, what)
    }
    if (!isTopLevel(next)) return undefined
    return this.#isUnfinished(parent) ? this.#endsEarly(parent, next) : undefined
  }

  /** The innermost open element is longer than it declares. From now on its size is unknown. */
  #goesOn(parent: OpenElement, next: ElementDefinition, what: string): EbmlWarning {
    const { definition, declaredEnd, isImplicit } = parent
    parent.declaredEnd = UNKNOWN_END
    parent.limit = Number.POSITIVE_INFINITY
    parent.mayGoOn = false
    return isImplicit
      ? this.#warning(
          'element-outside-segment',
          next,
          `${what} is in no Segment and is read as if a Segment began there`,
        )
      : this.#warning(
          isSegment(parent) ? 'segment-size' : 'element-size',
          undefined,
          `${definition.name} declares that it ends at byte ${declaredEnd}, but ${what} goes on with it; it is read as one of unknown size`,
        )
  }

  /** The innermost open element is shorter than it declares: what begins now cannot lie in it. */
  #endsEarly(parent: OpenElement, next: ElementDefinition): EbmlWarning {
    const { definition } = parent
    const declaredEnd = isSegment(parent) ? parent.declaredEnd : parent.limit
    parent.size = undefined
    parent.declaredEnd = UNKNOWN_END
    parent.limit = Number.POSITIVE_INFINITY
    const problem = `${definition.name} declares that it ends at byte ${declaredEnd}, but ${next.name} begins at byte ${this.#offset}; what was between may be missing`
    return this.#warning(isSegment(parent) ? 'segment-size' : 'element-size', undefined, problem, true)
  }

  #warning(
    code: EbmlWarning['code'],
    innermost: ElementDefinition | undefined,
    problem: string,
    mediaMissing = false,
  ): EbmlWarning {
    const message = `${problem}. Write the file again, with mkvmerge for example, to correct it.`
    const elementPath = this.#path(innermost)
    return { kind: 'warning', code, byteOffset: this.#offset, elementPath, message, mediaMissing }
  }

  /** For a child of a Segment at the top: a Segment of no bytes, which that child goes on with. */
  #openImplicitSegment(): PlacedEbmlEvent {
    const event = this.#open(SEGMENT, undefined, this.#offset, undefined)
    this.#parent!.declaredEnd = this.#offset
    this.#parent!.isImplicit = true
    return event
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
      if (ancestor.size !== undefined && !isTopLevel(next)) return false
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
    const open: OpenElement = {
      definition,
      size,
      limit: parent?.limit ?? Number.POSITIVE_INFINITY,
      declaredEnd: UNKNOWN_END,
      mayGoOn: false,
      isImplicit: false,
    }
    if (size !== undefined) {
      const end = this.#offset + size
      open.mayGoOn = definition === CLUSTER && size === 0
      if (open.mayGoOn || definition === SEGMENT) {
        open.declaredEnd = end
        open.size = undefined
      }
      if (definition !== SEGMENT) open.limit = end
    }
    this.#parent = open
    this.#stack.push(open)
    return { kind: 'open', definition, byteOffset, dataOffset: this.#offset, size }
  }

  #close(): PlacedEbmlEvent {
    const segment = this.#stack.at(-2)
    // An element of unknown size may have gone beyond the end of its Segment.
    const { definition } = this.#stack.at(-1)!
    if (segment !== undefined && this.#offset > segment.declaredEnd)
      return this.#goesOn(segment, definition, `${definition.name} up to byte ${this.#offset}`)
    this.#stack.pop()
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
      this.#stack.some(element => this.#isUnfinished(element))
    if (!isCut && this.#stack.length > 0) return this.#close()
    const elementPath = this.#path(this.#state.name === 'header' ? undefined : this.#state.definition)
    this.#state = DONE
    if (!isCut) return undefined
    return { kind: 'truncated', byteOffset: this.#offset + this.#bytes.length, elementPath }
  }

  #isUnfinished({ size, declaredEnd }: OpenElement): boolean {
    return size !== undefined || (declaredEnd !== UNKNOWN_END && this.#offset < declaredEnd)
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
  /** `undefined` where it is unknown, where it is only a hint, and where it has turned out wrong. */
  size: number | undefined
  /** Where it must have ended: its own end, or else its parent's. */
  limit: number
  /** Of a Segment or a Cluster of size zero: where its size says that it ends. */
  declaredEnd: number
  /** It is at its limit, and goes on if a child of it comes next. */
  mayGoOn: boolean
  /** A Segment that was not there. */
  isImplicit: boolean
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
const SEGMENT = elementDefinition(ID.Segment)!
const CLUSTER = elementDefinition(ID.Cluster)!
const UNKNOWN_END = Number.POSITIVE_INFINITY
const SIMPLE_BLOCK = elementDefinition(ID.SimpleBlock)!
const NOWHERE = placeOf(new Uint8Array(0))
const NEED_MORE = Symbol('more bytes are needed')
/** Matroska's own depth is 7; nested SimpleTags and chapters go deeper. */
const MAX_DEPTH = 64

function isSegment({ definition }: OpenElement): boolean {
  return definition === SEGMENT
}

/** A root element, or a child of a Segment. */
function isTopLevel({ parentId }: ElementDefinition): boolean {
  return parentId === ROOT || parentId === ID.Segment
}

function nameOf(id: number, definition: ElementDefinition | undefined): string {
  return definition?.name ?? `element ${hex(id)}`
}
