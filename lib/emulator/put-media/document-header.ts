import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import { readString, readUint } from '../../mkv/values.ts'
import { PutMediaError } from './error-codes.ts'

/** What comes with each fragment of a body: the EBML header, and what stood before the first Cluster. */
export type HeaderBytes = { readonly ebmlHeader: Uint8Array; readonly segmentHeader: Uint8Array }

/** The head of a PutMedia body: one document, one Segment, one set of tracks. */
export class DocumentHeader {
  readonly #maxTracks: number
  #sawDocument = false
  #ebmlHeader: Uint8Array | undefined
  readonly #parts: { readonly id: number; readonly bytes: Uint8Array }[] = []
  #partsLength = 0
  #repeated: HeaderBytes | undefined
  #sawTracks = false
  readonly #tracks = new Set<number>()
  #nanosecondsPerTick = 1_000_000

  constructor(maxTracks: number) {
    this.#maxTracks = maxTracks
  }

  /** Numbers of the declared tracks. */
  get tracks(): ReadonlySet<number> {
    return this.#tracks
  }

  get msPerTick(): number {
    return this.#nanosecondsPerTick / 1_000_000
  }

  openDocument(): void {
    if (this.#sawDocument) throw malformed('a second EBML header')
    this.#sawDocument = true
  }

  openSegment(ebmlHeader: Uint8Array): void {
    if (this.#ebmlHeader !== undefined) throw malformed('a second Segment')
    this.#ebmlHeader = Buffer.from(ebmlHeader)
  }

  openTracks(): void {
    if (this.#sawTracks) throw malformed('a second set of tracks')
    this.#sawTracks = true
  }

  checkTracks(): void {
    if (this.#tracks.size <= this.#maxTracks) return
    const problem = `${this.#tracks.size} tracks; ${this.#maxTracks} are allowed`
    throw new PutMediaError('MORE_THAN_ALLOWED_TRACKS_FOUND', problem)
  }

  readValue(id: number, bytes: Uint8Array): void {
    if (id === ID.DocType) {
      const docType = readString(bytes)
      if (docType !== 'matroska' && docType !== 'webm') throw malformed(`a document of type "${docType}"`)
    } else if (id === ID.TimestampScale) {
      this.#nanosecondsPerTick = readUint(bytes) || fail('a TimestampScale that is no number')
    } else if (id === ID.TrackNumber) {
      this.#tracks.add(readUint(bytes) || fail('a TrackNumber that is no number'))
    }
  }

  /** Keeps an element before the first Cluster; what comes later and belongs to no fragment is dropped. */
  add(id: number, bytes: Uint8Array): void {
    if (this.#repeated !== undefined) return
    this.#parts.push({ id, bytes: Buffer.from(bytes) })
    this.#partsLength += bytes.length + PART_OVERHEAD_BYTES
    this.checkLength(0)
  }

  /** @throws PutMediaError where so many bytes more would be more than a header may have */
  checkLength(more: number): void {
    if (this.#partsLength + more <= MAX_HEADER_BYTES) return
    throw malformed(`a header of more than ${MAX_HEADER_BYTES} bytes`)
  }

  /** The header for the next fragment. Tags that came before Info are with the first only. */
  next(): HeaderBytes {
    if (this.#repeated !== undefined) return this.#repeated
    const ebmlHeader = this.#ebmlHeader ?? new Uint8Array()
    const info = this.#parts.findIndex(part => part.id === ID.Info)
    const repeated = this.#parts.filter((part, index) => part.id !== ID.Tags || index > info)
    this.#repeated = { ebmlHeader, segmentHeader: Buffer.concat(repeated.map(part => part.bytes)) }
    return { ebmlHeader, segmentHeader: Buffer.concat(this.#parts.map(part => part.bytes)) }
  }
}

/** Three tracks with codec data of up to 1 MiB each, which producers allow, and as much again. */
const MAX_HEADER_BYTES = 8_388_608
/** An element costs memory beyond its bytes: without that, a flood of empty elements would be free. */
const PART_OVERHEAD_BYTES = 64

function malformed(problem: string): PutMediaError {
  return new PutMediaError('INVALID_MKV_DATA', problem)
}

function fail(problem: string): never {
  throw malformed(problem)
}
