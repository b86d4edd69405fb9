import { readString, readUint } from '../../matroska/ebml/values.ts'
import { SegmentClock } from '../../matroska/reader/segment-clock.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { PutMediaError } from './error-codes.ts'
import { repeatedParts } from './header-parts.ts'
import type { HeaderTags } from './ingest-settings.ts'

/** What comes with each fragment of a body: the EBML header, and what stood before the first Cluster. */
export type HeaderBytes = { readonly ebmlHeader: Uint8Array; readonly segmentHeader: Uint8Array }

/** The head of a PutMedia body: one document, one Segment, one set of tracks. */
export class DocumentHeader {
  readonly #maxTracks: number
  readonly #headerTags: HeaderTags
  #sawDocument = false
  #ebmlHeader: Uint8Array | undefined
  readonly #parts: { readonly id: number; readonly bytes: Uint8Array }[] = []
  #partsLength = 0
  #repeated: HeaderBytes | undefined
  #sawTracks = false
  readonly #tracks = new Set<number>()
  #clock = new SegmentClock(DEFAULT_TIMESTAMP_SCALE)

  constructor(maxTracks: number, headerTags: HeaderTags) {
    this.#maxTracks = maxTracks
    this.#headerTags = headerTags
  }

  /** Numbers of the declared tracks. */
  get tracks(): ReadonlySet<number> {
    return this.#tracks
  }

  /** What the Clusters' timestamps are read with. */
  get clock(): SegmentClock {
    return this.#clock
  }

  /** Whether the first fragment has taken it: what comes from now on belongs to fragments. */
  get isComplete(): boolean {
    return this.#repeated !== undefined
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
      this.#clock = new SegmentClock(
        readUint(bytes) || fail('a TimestampScale that is not a positive number'),
      )
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

  /**
   * The header for the next fragment. The first one has it all; the others lack the Tags that came before Info, or every
   * Tags element where `headerTags` is `'first'`.
   */
  next(): HeaderBytes {
    if (this.#repeated !== undefined) return this.#repeated
    const ebmlHeader = this.#ebmlHeader ?? new Uint8Array()
    const repeated = repeatedParts(this.#parts, this.#headerTags)
    this.#repeated = { ebmlHeader, segmentHeader: Buffer.concat(repeated.map(part => part.bytes)) }
    return { ebmlHeader, segmentHeader: Buffer.concat(this.#parts.map(part => part.bytes)) }
  }
}

const DEFAULT_TIMESTAMP_SCALE = 1_000_000
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
