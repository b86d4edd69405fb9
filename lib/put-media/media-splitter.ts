import { MkvLimitError, MkvSyntaxError } from '../core/errors.ts'
import { ByteQueue } from '../matroska/ebml/byte-queue.ts'
import { type EbmlEvent, EbmlReader } from '../matroska/ebml/ebml-reader.ts'
import { type ElementLeaf, type ElementTree, leafValue } from '../matroska/ebml/element-tree.ts'
import { readString, readUint, readUintBig } from '../matroska/ebml/values.ts'
import { DocumentWarnings } from '../matroska/reader/document-warnings.ts'
import type { MkvWarning } from '../matroska/reader/events.ts'
import type { LateElement } from '../matroska/reader/late-metadata.ts'
import { parseElementTree } from '../matroska/reader/parse-element-tree.ts'
import type { SeekableBytes } from '../matroska/reader/seekable-bytes.ts'
import { SegmentClock } from '../matroska/reader/segment-clock.ts'
import { SegmentMetadata } from '../matroska/reader/segment-metadata.ts'
import { elementDefinition } from '../matroska/schema/element.ts'
import { ELEMENT_IDS as ID } from '../matroska/schema/elements.ts'
import { DocumentHeader } from './document-header.ts'

/** What a producer's bytes are for PutMedia. */
export type MediaEvent =
  /** The fragments that follow need a session of their own, which begins with this header. */
  | { readonly type: 'document'; readonly header: Uint8Array; readonly timestampScale: number }
  /** A fragment begins; the one before is whole. Its cluster's timestamp, in the media's own ticks and in milliseconds. */
  | { readonly type: 'fragment'; readonly timecode: bigint; readonly timecodeMs: number }
  /** The next bytes of the fragment: a view of what was pushed, where they lie in one chunk of it. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** The producer has closed the fragment by a tag. */
  | { readonly type: 'end-of-fragment' }
  /** The media breaks a rule, and is read on. */
  | { readonly type: 'warning'; readonly warning: MkvWarning }
  /** The media ends inside an element. */
  | { readonly type: 'truncated'; readonly byteOffset: number; readonly elementPath: string }

/**
 * Splits Matroska that comes in any portions into headers and fragments, byte for byte. A fragment is a Cluster and what
 * follows it up to the next one, or up to an end-of-fragment tag: what stands between that tag and the next Cluster begins
 * the next fragment. A second EBML document, a second Segment, and Tracks that
 * say something else begin a new header; Tracks that repeat the same are left out, since the service takes none twice.
 *
 * `push` bytes, or `end`, then call `next` until it gives `undefined`. It tells of bytes as they come, inside a fragment
 * too. Memory: the header, and up to 64 KiB before a cluster's timestamp.
 * Info and Tracks that come after the Clusters go into the header, where `seekable` is given to find them.
 * Throws `MkvSyntaxError`, `MkvLateMetadataError`, and `MkvLimitError` for a header of more than `maxHeaderBytes`, behind all events before it.
 */
export class MediaSplitter {
  readonly #maxHeaderBytes: number
  readonly #seekable: SeekableBytes | undefined
  readonly #ebml = new EbmlReader({
    wants: ({ id }) => READ.has(id),
    maxFrameBytes: 0,
    maxMetadataBytes: MAX_VALUE_BYTES,
  })
  /** What was pushed and is not given yet; its first byte lies at `#offset`. */
  readonly #raw = new ByteQueue()
  #offset = 0
  /** Where the bytes belong that come next. */
  #place: 'header' | 'cluster-head' | 'fragment' | 'between' | 'tracks' | 'info' = 'header'
  #header = DocumentHeader.EMPTY
  #clock = new SegmentClock(DEFAULT_TIMESTAMP_SCALE)
  #metadata: SegmentMetadata
  #warnings = new DocumentWarnings()
  /** Where the contents begin of the SeekHead or Info that is being read. */
  #dataOffset = 0
  /** What stood between an end-of-fragment tag and the Cluster in progress. */
  #leading: Uint8Array = new Uint8Array()
  #isEnded = false
  /** The Tags under way hold the tag that ends a fragment. */
  #sawEndTag = false
  #events: MediaEvent[] = []
  #failure: unknown

  constructor(maxHeaderBytes: number, seekable?: SeekableBytes) {
    this.#maxHeaderBytes = maxHeaderBytes
    this.#seekable = seekable
    this.#metadata = new SegmentMetadata(0, seekable)
  }

  /** Accepts the next bytes, which must not change from now on. */
  push(chunk: Uint8Array): void {
    this.#raw.push(chunk)
    this.#ebml.push(chunk)
  }

  /** Says that no more bytes come. */
  end(): void {
    this.#isEnded = true
    this.#ebml.end()
  }

  next(): MediaEvent | undefined {
    if (this.#events.length === 0) this.#advance()
    const event = this.#events.shift()
    if (event === undefined && this.#failure !== undefined) throw this.#failure
    return event
  }

  #advance(): void {
    if (this.#failure !== undefined) return
    try {
      let event: EbmlEvent | undefined
      do {
        event = this.#ebml.next()
        if (event === undefined) this.#flush()
        else this.#handle(event)
      } while (event !== undefined && this.#events.length === 0)
    } catch (error) {
      this.#failure = error
    }
  }

  /** All that was read and belongs to the fragment goes on; what may begin something else waits. */
  #flush(): void {
    if (this.#place === 'fragment') this.#give(this.#ebml.byteOffset)
    else if (this.#place === 'between') this.#flushLeading()
    else if (this.#place === 'cluster-head') this.#checkClusterHead()
    else this.#checkHeader()
  }

  /** Without another Cluster, what follows the end-of-fragment tag stays with its fragment. */
  #flushLeading(): void {
    if (this.#isEnded) this.#give(this.#ebml.byteOffset)
    else this.#checkHeader()
  }

  #checkHeader(): void {
    if (this.#header.length + this.#raw.length > this.#maxHeaderBytes) {
      throw this.#headerTooLarge(this.#ebml.byteOffset)
    }
  }

  #headerTooLarge(byteOffset: number): MkvLimitError {
    const problem = `a header of more than ${this.#maxHeaderBytes} bytes`
    return new MkvLimitError(problem, 'maxUnacknowledgedBytes', byteOffset, 'Segment')
  }

  #handle(event: EbmlEvent): void {
    if (event.kind === 'open') this.#open(event)
    else if (event.kind === 'close') this.#close(event.definition.id, event.byteOffset)
    else if (event.kind === 'data') this.#value(event)
    else if (event.kind === 'warning') this.#warn(this.#warnings.ebml(event))
    else if (event.kind === 'truncated') {
      const { byteOffset, elementPath } = event
      this.#events.push({ type: 'truncated', byteOffset, elementPath })
    }
  }

  #warn(warning: MkvWarning | undefined): void {
    if (warning !== undefined) this.#events.push({ type: 'warning', warning })
  }

  #open({ definition: { id }, byteOffset, dataOffset }: EbmlEvent & { kind: 'open' }): void {
    if (id === ID.EBML) {
      this.#leaveFragment(byteOffset)
      this.#take(byteOffset)
      this.#header = DocumentHeader.EMPTY
      this.#warnings = new DocumentWarnings()
    } else if (id === ID.Segment) this.#openSegment(byteOffset, dataOffset)
    else if (id === ID.SeekHead || id === ID.Info) this.#openMetadata(id, byteOffset, dataOffset)
    else if (id === ID.Tracks) this.#openTracks(byteOffset)
    else if (id === ID.Cluster) this.#openCluster(byteOffset)
    else if (id === ID.Tags) this.#sawEndTag = false
  }

  #openSegment(byteOffset: number, dataOffset: number): void {
    this.#leaveFragment(byteOffset)
    if (this.#header.has('segment')) {
      this.#take(byteOffset)
      this.#header = this.#header.withoutSegment()
    }
    this.#header = this.#header.with('ebml', this.#take(byteOffset)).withSegment(this.#take(dataOffset))
    this.#clock = new SegmentClock(DEFAULT_TIMESTAMP_SCALE)
    this.#metadata = new SegmentMetadata(dataOffset, this.#seekable)
  }

  /** A SeekHead after the Clusters is passed on as it is. */
  #openMetadata(id: number, byteOffset: number, dataOffset: number): void {
    this.#dataOffset = dataOffset
    if (this.#place === 'header') this.#header = this.#header.with('other', this.#take(byteOffset))
    else if (id === ID.Info && this.#place === 'fragment') {
      this.#give(byteOffset)
      this.#place = 'info'
    }
  }

  #closeMetadata(id: number, byteOffset: number): void {
    if (this.#place !== 'header' && this.#place !== 'info') return
    const start = this.#offset
    const bytes = this.#take(byteOffset)
    const tree = parseMetadata(id, start, bytes, this.#dataOffset)
    const isAccepted = id === ID.SeekHead || this.#metadata.accept(tree)
    if (id === ID.SeekHead) this.#metadata.seekHead(tree)
    if (this.#place === 'header') this.#header = this.#header.with('other', bytes)
    else {
      this.#place = 'fragment'
      if (isAccepted) this.#events.push({ type: 'bytes', bytes })
    }
  }

  #addLate(access: SeekableBytes, { id, byteOffset, dataOffset, end }: LateElement): void {
    if (end - byteOffset > this.#maxHeaderBytes) throw this.#headerTooLarge(byteOffset)
    const bytes = access.read(byteOffset, end - byteOffset)
    this.#header = this.#header.with(id === ID.Tracks ? 'tracks' : 'other', bytes)
    if (id !== ID.Info) return
    const scale = parseMetadata(id, byteOffset, bytes, dataOffset).leaves(ID.TimestampScale).at(-1)
    if (scale !== undefined) this.#clock = clockOf(scale)
  }

  #openTracks(byteOffset: number): void {
    if (this.#place === 'fragment' || this.#place === 'between') {
      this.#give(byteOffset)
      this.#place = 'tracks'
    } else this.#header = this.#header.with('other', this.#take(byteOffset))
  }

  #closeTracks(byteOffset: number): void {
    const tracks = this.#take(byteOffset)
    if (this.#place === 'header') {
      this.#metadata.saw(ID.Tracks)
      this.#header = this.#header.with('tracks', tracks)
      return
    }
    const changed = this.#header.changed(tracks)
    this.#place = changed === undefined ? 'fragment' : 'header'
    this.#header = changed ?? this.#header
  }

  #openCluster(byteOffset: number): void {
    if (this.#place === 'header') {
      const late = this.#metadata.cluster(byteOffset)
      if (late.length > 0) this.#header = this.#header.with('other', this.#take(byteOffset))
      for (const element of late) this.#addLate(this.#seekable!, element)
      if (!this.#header.has('tracks')) {
        throw new MkvSyntaxError('a Cluster before any Tracks', byteOffset, 'Segment')
      }
      this.#header = this.#header.with('other', this.#take(byteOffset))
      const { timestampScale } = this.#clock
      this.#events.push({ type: 'document', header: this.#header.bytes, timestampScale })
    } else if (this.#place === 'between') this.#leading = this.#take(byteOffset)
    else this.#give(byteOffset)
    this.#place = 'cluster-head'
  }

  #close(id: number, byteOffset: number): void {
    if (id === ID.Tracks) this.#closeTracks(byteOffset)
    else if (id === ID.SeekHead || id === ID.Info) this.#closeMetadata(id, byteOffset)
    else if (id === ID.Cluster && this.#place === 'cluster-head') throw this.#noTimestamp()
    else if (id === ID.Tags && this.#sawEndTag && this.#place === 'fragment') {
      this.#give(byteOffset)
      this.#events.push({ type: 'end-of-fragment' })
      this.#place = 'between'
    }
  }

  #value(event: EbmlEvent & { kind: 'data' }): void {
    const { id } = event.definition
    if (id === ID.DocType) checkDocType(event)
    else if (id === ID.TimestampScale && this.#place === 'header') this.#clock = clockOf(event)
    else if (id === ID.TagName) this.#sawEndTag ||= readString(event.bytes) === END_OF_FRAGMENT
    else if (id === ID.Timestamp && this.#place === 'cluster-head') {
      const ticks = leafValue(event, readUintBig)
      const timecode = BigInt(ticks)
      this.#events.push({ type: 'fragment', timecode, timecodeMs: this.#clock.toMs(timecode) })
      if (this.#leading.length > 0) this.#events.push({ type: 'bytes', bytes: this.#leading })
      this.#leading = new Uint8Array()
      this.#place = 'fragment'
    }
  }

  /** A fragment ends with its document or Segment. */
  #leaveFragment(byteOffset: number): void {
    if (this.#place === 'fragment' || this.#place === 'between') this.#give(byteOffset)
    this.#place = 'header'
  }

  /** Without its time, a fragment can neither be paced nor known again when it is acknowledged. */
  #checkClusterHead(): void {
    if (this.#raw.length > MAX_CLUSTER_HEAD_BYTES) throw this.#noTimestamp()
  }

  #noTimestamp(): MkvSyntaxError {
    const problem = 'a Cluster that does not begin with its Timestamp'
    return new MkvSyntaxError(problem, this.#offset, 'Segment/Cluster')
  }

  /** Tells of the fragment's bytes up to an offset. */
  #give(endOffset: number): void {
    const bytes = this.#take(endOffset)
    if (bytes.length > 0) this.#events.push({ type: 'bytes', bytes })
  }

  #take(endOffset: number): Uint8Array {
    const bytes = this.#raw.take(endOffset - this.#offset)
    this.#offset = endOffset
    return bytes
  }
}

function parseMetadata(id: number, byteOffset: number, bytes: Uint8Array, dataOffset: number): ElementTree {
  const payload = { bytes: bytes.subarray(dataOffset - byteOffset), dataOffset }
  return parseElementTree(elementDefinition(id)!, byteOffset, payload, MAX_METADATA_ELEMENTS)
}

const MAX_METADATA_ELEMENTS = 1_000_000
const READ: ReadonlySet<number> = new Set([
  ID.SeekHead,
  ...[ID.EBML, ID.DocType, ID.Segment, ID.Info, ID.TimestampScale, ID.Tracks, ID.Cluster, ID.Timestamp],
  ...[ID.Tags, ID.Tag, ID.SimpleTag, ID.TagName],
])
/** The producer's way to close a fragment before the next one begins; the service does not hand it on. */
const END_OF_FRAGMENT = 'AWS_KINESISVIDEO_END_OF_FRAGMENT'
const DEFAULT_TIMESTAMP_SCALE = 1_000_000
const MAX_CLUSTER_HEAD_BYTES = 64 * 1024
/** Far above what a name or a number takes. */
const MAX_VALUE_BYTES = 1024 * 1024

function checkDocType({ bytes, byteOffset }: EbmlEvent & { kind: 'data' }): void {
  const docType = readString(bytes) || 'matroska'
  if (docType === 'matroska' || docType === 'webm') return
  const problem = `an EBML document of type ${JSON.stringify(docType)}, where "matroska" or "webm" was expected,`
  throw new MkvSyntaxError(problem, byteOffset, 'EBML/DocType')
}

function clockOf(event: ElementLeaf): SegmentClock {
  const timestampScale = event.bytes.length === 0 ? DEFAULT_TIMESTAMP_SCALE : leafValue(event, readUint)
  if (timestampScale > 0) return new SegmentClock(timestampScale)
  throw new MkvSyntaxError('a TimestampScale of zero', event.byteOffset, 'Segment/Info/TimestampScale')
}
