import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import { ByteQueue } from './byte-queue.ts'
import { ANYWHERE, type ElementDefinition, elementDefinition, isChildOf, ROOT } from './schema/element.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { vintLength } from './vint.ts'

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
  readonly #stack: OpenElement[] = []
  #state: State = HEADER
  /** Offset of the first unread byte in the payload. */
  #offset = 0
  #ended = false
  #sawHeader = false

  constructor(options: EbmlReaderOptions) {
    this.#options = options
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
    for (;;) {
      const event = this.#step()
      if (event === NEED_MORE) return this.#ended ? this.#finish() : undefined
      if (event !== undefined) return event
    }
  }

  #step(): EbmlEvent | typeof NEED_MORE | undefined {
    switch (this.#state.name) {
      case 'header':
        return this.#readHeader()
      case 'payload':
        return this.#readPayload(this.#state)
      case 'skip':
        return this.#skip(this.#state)
      case 'done':
        return NEED_MORE
    }
  }

  #readHeader(): EbmlEvent | typeof NEED_MORE | undefined {
    const parent = this.#stack.at(-1)
    if (parent !== undefined && this.#offset === parent.limit) return this.#close()
    const length = this.#headerLength()
    if (length === NEED_MORE) return NEED_MORE
    const { idLength, sizeLength } = length
    const id = this.#readId(idLength)
    const definition = elementDefinition(id)
    if (this.#endsParent(definition)) return this.#close()
    const size = this.#readSize(idLength, sizeLength)
    return this.#enter(id, definition, size, idLength + sizeLength)
  }

  #headerLength(): { idLength: number; sizeLength: number } | typeof NEED_MORE {
    const available = this.#bytes.length
    if (available === 0) return NEED_MORE
    const first = this.#bytes.byteAt(0)
    if (!this.#sawHeader && this.#stack.length === 0 && first !== EBML_FIRST_BYTE && first !== ID.Void) {
      throw this.#error(
        `this is no EBML: an EBML header (1A45DFA3) was expected, and byte ${hex(first)} came`,
      )
    }
    const idLength = vintLength(first)
    if (idLength > MAX_ID_LENGTH) throw this.#badId(first)
    if (available <= idLength) return NEED_MORE
    const sizeLength = vintLength(this.#bytes.byteAt(idLength))
    if (sizeLength > 8) {
      throw this.#error(
        'an element size that begins with a zero byte, longer than 8 bytes',
        this.#offset + idLength,
      )
    }
    if (available < idLength + sizeLength) return NEED_MORE
    return { idLength, sizeLength }
  }

  #badId(firstByte: number): MkvSyntaxError {
    const what = firstByte === 0 ? 'a zero byte' : `byte ${hex(firstByte)}`
    return this.#error(`${what} where an element id must begin`)
  }

  #readId(length: number): number {
    let id = 0
    for (let i = 0; i < length; i++) id = id * 256 + this.#bytes.byteAt(i)
    if (id === 2 ** (7 * length + 1) - 1) throw this.#error(`element id ${hex(id)} is reserved`)
    return id
  }

  /** The declared size in bytes; `undefined` where it is unknown: all bits one, at any width. */
  #readSize(offset: number, length: number): number | undefined {
    let size = this.#bytes.byteAt(offset) & (0xff >> length)
    for (let i = 1; i < length; i++) size = size * 256 + this.#bytes.byteAt(offset + i)
    // 2^56 - 1 is not exact in a double, and neither are its neighbours: eight-byte sizes are told apart by their bytes.
    if (length === 8) return this.#isAllOnes(offset) ? undefined : size
    return size === 2 ** (7 * length) - 1 ? undefined : size
  }

  #isAllOnes(offset: number): boolean {
    if (this.#bytes.byteAt(offset) !== 0x01) return false
    for (let i = 1; i < 8; i++) if (this.#bytes.byteAt(offset + i) !== 0xff) return false
    return true
  }

  /** Whether the next element ends the innermost open one, which has no known size. */
  #endsParent(next: ElementDefinition | undefined): boolean {
    const parent = this.#stack.at(-1)
    if (parent === undefined || parent.size !== undefined || next === undefined) return false
    if (isChildOf(next, parent.definition.id)) return false
    for (let i = this.#stack.length - 2; i >= 0; i--) {
      const ancestor = this.#stack[i]!
      if (isChildOf(next, ancestor.definition.id)) return true
      if (ancestor.size !== undefined) return false
    }
    return isChildOf(next, ROOT)
  }

  #enter(
    id: number,
    definition: ElementDefinition | undefined,
    size: number | undefined,
    headerLength: number,
  ): EbmlEvent | undefined {
    const byteOffset = this.#offset
    const parent = this.#stack.at(-1)
    this.#checkPlace(id, definition, parent)
    this.#checkEnd(id, definition, size, headerLength, parent)
    this.#bytes.skip(headerLength)
    this.#offset += headerLength
    if (id === ID.EBML) this.#sawHeader = true
    const isWanted =
      definition !== undefined &&
      definition.parentId !== ANYWHERE &&
      isChildOf(definition, parent?.definition.id ?? ROOT) &&
      this.#options.wants(definition)
    if (isWanted && definition.type === 'master') return this.#open(definition, size, byteOffset, parent)
    if (size === undefined) throw this.#error(`${nameOf(id, definition)} has an unknown size`, byteOffset)
    if (!isWanted) {
      this.#state = { name: 'skip', id, definition, byteOffset, left: size }
      return undefined
    }
    this.#checkLimit(definition, size, byteOffset)
    this.#state = { name: 'payload', definition, byteOffset, size }
    return undefined
  }

  /** Before the first EBML header nothing but Void is EBML's own; a known element in a wrong place is skipped. */
  #checkPlace(id: number, definition: ElementDefinition | undefined, parent: OpenElement | undefined): void {
    if (this.#sawHeader || parent !== undefined || id === ID.EBML || id === ID.Void) return
    throw this.#error(
      `this is no EBML payload: an EBML header (1A45DFA3) was expected, and ${nameOf(id, definition)} came`,
    )
  }

  #checkEnd(
    id: number,
    definition: ElementDefinition | undefined,
    size: number | undefined,
    headerLength: number,
    parent: OpenElement | undefined,
  ): void {
    if (parent === undefined) return
    const end = this.#offset + headerLength + (size ?? 0)
    if (end <= parent.limit) return
    throw this.#error(
      `${nameOf(id, definition)} of ${size ?? 'unknown'} bytes outruns ${parent.definition.name}, which ends at byte ${parent.limit},`,
    )
  }

  #checkLimit(definition: ElementDefinition, size: number, byteOffset: number): void {
    const isBlock = definition.id === ID.SimpleBlock || definition.id === ID.Block
    const option = isBlock ? 'maxFrameBytes' : 'maxMetadataBytes'
    if (size <= this.#options[option]) return
    const problem = `${definition.name} of ${size} bytes is over the limit of ${this.#options[option]} bytes`
    throw new MkvLimitError(problem, option, byteOffset, this.#path(definition))
  }

  #open(
    definition: ElementDefinition,
    size: number | undefined,
    byteOffset: number,
    parent: OpenElement | undefined,
  ): EbmlEvent {
    if (this.#stack.length >= MAX_DEPTH) {
      throw this.#error(`elements are nested more than ${MAX_DEPTH} deep`, byteOffset)
    }
    const parentLimit = parent?.limit ?? Number.POSITIVE_INFINITY
    const limit = size === undefined ? parentLimit : this.#offset + size
    this.#stack.push({ definition, size, limit })
    return { kind: 'open', definition, byteOffset, dataOffset: this.#offset, size }
  }

  #close(): EbmlEvent {
    const { definition } = this.#stack.pop()!
    return { kind: 'close', definition, byteOffset: this.#offset }
  }

  #readPayload(state: PayloadState): EbmlEvent | typeof NEED_MORE {
    if (this.#bytes.length < state.size) return NEED_MORE
    const bytes = this.#bytes.take(state.size)
    this.#offset += state.size
    this.#state = HEADER
    return { kind: 'data', definition: state.definition, byteOffset: state.byteOffset, bytes }
  }

  #skip(state: SkipState): EbmlEvent | typeof NEED_MORE {
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
  #finish(): EbmlEvent | undefined {
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

  #error(problem: string, byteOffset: number = this.#offset): MkvSyntaxError {
    return new MkvSyntaxError(problem, byteOffset, this.#path())
  }

  #path(innermost?: ElementDefinition): string {
    const names = this.#stack.map(element => element.definition.name)
    if (innermost !== undefined) names.push(innermost.name)
    return names.join('/')
  }
}

export type EbmlReaderOptions = {
  /** Whether an element is to be read: a master is opened, another given with its bytes. What is not wanted is skipped whole. */
  readonly wants: (definition: ElementDefinition) => boolean
  /** Largest block, in bytes. */
  readonly maxFrameBytes: number
  /** Largest element other than a block that is read, in bytes. */
  readonly maxMetadataBytes: number
}

export type EbmlEvent =
  | {
      readonly kind: 'open'
      readonly definition: ElementDefinition
      /** Where the element's id begins. */
      readonly byteOffset: number
      /** Where its first child begins. */
      readonly dataOffset: number
      /** `undefined` where it is unknown. */
      readonly size: number | undefined
    }
  | {
      readonly kind: 'data'
      readonly definition: ElementDefinition
      readonly byteOffset: number
      /** The payload; it ends where the element ends. */
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'close'
      readonly definition: ElementDefinition
      /** Where the element ends. */
      readonly byteOffset: number
    }
  | {
      readonly kind: 'skipped'
      readonly id: number
      readonly definition: ElementDefinition | undefined
      readonly byteOffset: number
      readonly endOffset: number
    }
  | { readonly kind: 'truncated'; readonly byteOffset: number; readonly elementPath: string }

type OpenElement = {
  readonly definition: ElementDefinition
  readonly size: number | undefined
  /** Where it must have ended: its own end, or else its parent's. */
  readonly limit: number
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
const EBML_FIRST_BYTE = 0x1a
/** EBMLMaxIDLength, which Matroska fixes at 4 (RFC 9559, section 5). */
const MAX_ID_LENGTH = 4
const NEED_MORE = Symbol('more bytes are needed')
/** Matroska's own depth is 7; nested SimpleTags and chapters go deeper. */
const MAX_DEPTH = 64

function nameOf(id: number, definition: ElementDefinition | undefined): string {
  return definition?.name ?? `element ${hex(id)}`
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(2, '0')}`
}
