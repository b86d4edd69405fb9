import { ELEMENT_IDS as ID } from '../matroska/schema/elements.ts'
import { encodeId, encodeSize, UNKNOWN_SIZE } from '../matroska/writer/writer.ts'

type PartKind = 'ebml' | 'segment' | 'tracks' | 'other'
type Part = { readonly kind: PartKind; readonly bytes: Uint8Array }

/** What a session's bytes begin with: all that stands before the first Cluster. Immutable. */
export class DocumentHeader {
  static readonly EMPTY = new DocumentHeader([])
  readonly #parts: readonly Part[]

  private constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  /** All of it. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts.map(({ bytes }) => bytes))
  }

  get length(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  has(kind: PartKind): boolean {
    return this.#parts.some(part => part.kind === kind)
  }

  /** With more bytes at its end; a copy of them is kept. */
  with(kind: PartKind, bytes: Uint8Array): DocumentHeader {
    return bytes.length === 0
      ? this
      : new DocumentHeader([...this.#parts, { kind, bytes: new Uint8Array(bytes) }])
  }

  /**
   * With the Segment's head. A session may carry a part of the Segment only, so that a known size would be a lie: it is
   * written as unknown, in as many bytes. A Segment that was not there gets a head, too.
   */
  withSegment(head: Uint8Array): DocumentHeader {
    const id = encodeId(ID.Segment)
    return this.with(
      'segment',
      Buffer.concat([id, encodeSize(UNKNOWN_SIZE, Math.max(1, head.length - id.length))]),
    )
  }

  /** The EBML header alone, for another Segment behind it. */
  withoutSegment(): DocumentHeader {
    return new DocumentHeader(this.#parts.filter(({ kind }) => kind === 'ebml'))
  }

  /** The same with other tracks; `undefined` where these are the tracks that it has. */
  changed(tracks: Uint8Array): DocumentHeader | undefined {
    const isSame = this.#parts.some(
      ({ kind, bytes }) => kind === 'tracks' && Buffer.compare(bytes, tracks) === 0,
    )
    if (isSame) return undefined
    const changed: Part = { kind: 'tracks', bytes: new Uint8Array(tracks) }
    return new DocumentHeader(this.#parts.map(part => (part.kind === 'tracks' ? changed : part)))
  }
}
