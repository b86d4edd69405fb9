import { type EbmlEvent, EbmlReader } from '../../matroska/ebml/ebml-reader.ts'
import { readString, readUintBig } from '../../matroska/ebml/values.ts'
import { readVint } from '../../matroska/ebml/vint.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import type { MediaFragment } from '../streams/fragment.ts'
import { DocumentHeader } from './document-header.ts'
import { PutMediaError, toPutMediaError } from './error-codes.ts'
import { FragmentDraft } from './fragment-draft.ts'
import type { FragmentLimits, FragmentOrder, HeaderTags } from './ingest-settings.ts'
import { ProducerTags } from './producer-tags.ts'
import { RawBytes } from './raw-bytes.ts'

/** What a producer's bytes complete: the beginning of a fragment, whose time is known, and all of it. */
export type BodyEvent =
  | {
      readonly type: 'fragment-start'
      /** The Cluster's timestamp in ticks, as it is in the media. */
      readonly timecode: bigint
      readonly timestampMs: number
    }
  | { readonly type: 'fragment'; readonly media: MediaFragment }

/**
 * Reads a PutMedia body: one MKV document without end, of which each Cluster with what stands behind it is a fragment.
 * A fragment is whole when the next Cluster begins, on the end-of-fragment tag, or when the body ends. Elements between
 * that tag and the next Cluster belong to the next fragment, whose header they end. The producer's bytes are kept as they came. Bytes go in by `push`, and `next` gives what they complete.
 *
 * Everything that the service refuses is a `PutMediaError`. Memory: the bytes of one fragment, and one block.
 */
export class FragmentReader {
  readonly #limits: FragmentLimits
  readonly #order: FragmentOrder
  readonly #ebml: EbmlReader
  readonly #raw = new RawBytes()
  readonly #header: DocumentHeader
  #draft: FragmentDraft | undefined
  #tags = new ProducerTags()
  #latestTicks: bigint | undefined
  /** Elements since the end-of-fragment tag, and the Tags among them: the next fragment's. */
  #leading: Uint8Array[] = []
  #leadingBytes = 0
  #leadingTags: ProducerTags[] = []
  /** How many of the elements that are open lie in the Segment. */
  #depth = 0
  /** Where the Tags that is being read begins. */
  #tagsOffset = 0
  /** Where the last whole element of the Segment ends. */
  #wholeTo = 0
  #isTruncated = false
  readonly #events: BodyEvent[] = []
  /** What is wrong behind the events that are still to be given. */
  #failure: unknown

  constructor(limits: FragmentLimits, order: FragmentOrder = 'frames', headerTags: HeaderTags = 'repeat') {
    this.#limits = limits
    this.#order = order
    this.#header = new DocumentHeader(limits.maxTracks, headerTags)
    this.#ebml = new EbmlReader({
      wants: ({ id }) => READ.has(id),
      maxFrameBytes: limits.maxBytes,
      maxMetadataBytes: MAX_VALUE_BYTES,
    })
  }

  /** Whether a fragment has begun and is not whole. */
  get isInFragment(): boolean {
    return this.#draft !== undefined
  }

  /** Whether the last fragment was closed by its end-of-fragment tag, and none has begun since. */
  get isBetweenFragments(): boolean {
    return this.#draft === undefined && this.#header.isComplete
  }

  /** Accepts the next bytes, which must not change afterwards. */
  push(chunk: Uint8Array): void {
    this.#raw.push(chunk)
    this.#ebml.push(chunk)
  }

  /** The next event; `undefined` when more bytes are needed. @throws PutMediaError */
  next(): BodyEvent | undefined {
    if (this.#events.length === 0) this.#advance()
    const event = this.#events.shift()
    if (event === undefined && this.#failure !== undefined) throw this.#failure
    return event
  }

  #advance(): void {
    if (this.#failure !== undefined) return
    try {
      while (this.#events.length === 0) {
        const event = this.#ebml.next()
        if (event === undefined) break
        this.#handle(event)
      }
      if (this.#events.length === 0) this.#checkSize()
    } catch (error) {
      this.#failure = toPutMediaError(error)
    }
  }

  /**
   * Says that no more bytes come, and gives the fragment that this makes whole. Where the connection was lost, a
   * Cluster of unknown size may have had more to it and is not whole.
   *
   * @throws PutMediaError where the bytes end inside an element
   */
  end(isLost: boolean): BodyEvent | undefined {
    if (isLost && this.#draft?.cluster === undefined) return undefined
    this.#ebml.end()
    for (let event = this.next(); event !== undefined; event = this.next()) {
      if (event.type === 'fragment') return event
    }
    if (this.#isTruncated && !isLost) {
      throw new PutMediaError('STREAM_READ_ERROR', 'the body ended inside an element')
    }
    this.#closeFragment(this.#wholeTo, true)
    return this.#events.shift()
  }

  #handle(event: EbmlEvent): void {
    switch (event.kind) {
      case 'open':
        this.#open(event)
        break
      case 'data':
        this.#readValue(event.definition.id, event.bytes)
        break
      case 'close':
        this.#close(event.definition.id, event.byteOffset)
        break
      case 'skipped':
        if (this.#depth === 1) this.#keep(event.id, event.endOffset)
        break
      case 'truncated':
        this.#isTruncated = true
    }
  }

  #open({ definition: { id }, byteOffset, dataOffset, size }: EbmlEvent & { kind: 'open' }): void {
    if (this.#depth > 0 || id === ID.Segment) this.#depth++
    if (id === ID.EBML) this.#header.openDocument()
    else if (id === ID.Segment) {
      this.#header.openSegment(this.#raw.cutAt(byteOffset))
      this.#raw.dropTo(dataOffset)
    } else if (id === ID.Cluster) this.#openCluster(byteOffset, size)
    else if (id === ID.Tracks) this.#header.openTracks()
    else if (id === ID.SimpleTag) this.#tags.openTag()
    else if (id === ID.Tags) {
      this.#tags = new ProducerTags()
      this.#tagsOffset = byteOffset
    }
  }

  #openCluster(byteOffset: number, size: number | undefined): void {
    this.#closeFragment(byteOffset, false)
    const { tracks, clock } = this.#header
    const before = { order: this.#order, latestTicks: this.#latestTicks, leading: this.#leading }
    this.#draft = new FragmentDraft({ limits: this.#limits, tracks, clock, ...before })
    this.#leading = []
    this.#leadingBytes = 0
    for (const tags of this.#leadingTags.splice(0)) this.#draft.addTags(tags)
    if (size !== undefined && size > this.#limits.maxBytes) throw tooLarge(size, this.#limits)
  }

  #close(id: number, byteOffset: number): void {
    if (this.#depth > 0) this.#depth--
    if (id === ID.Cluster && this.#draft !== undefined) this.#draft.cluster = this.#raw.cutAt(byteOffset)
    else if (id === ID.SimpleTag) this.#tags.closeTag()
    else if (id === ID.Tracks) this.#header.checkTracks()
    else if (id === ID.Tags) this.#tags.checkNames()
    if (this.#depth === 1) this.#keep(id, byteOffset)
  }

  /** Notes an element of the Segment: of the header, of an open fragment's trailer, or of the next fragment. */
  #keep(id: number, endOffset: number): void {
    this.#wholeTo = endOffset
    const isEnd = id === ID.Tags && this.#tags.endFragment
    if (isEnd && this.#draft !== undefined) this.#closeFragment(this.#tagsOffset, false)
    if (isEnd) this.#raw.dropTo(endOffset)
    else if (this.#draft !== undefined) {
      if (id === ID.Tags) this.#draft.addTags(this.#tags)
    } else if (this.#header.isComplete) this.#keepLeading(id, endOffset)
    else this.#header.add(id, this.#raw.cutAt(endOffset))
  }

  #keepLeading(id: number, endOffset: number): void {
    if (id === ID.Tags) this.#leadingTags.push(this.#tags)
    const bytes = Buffer.from(this.#raw.cutAt(endOffset))
    this.#leading.push(bytes)
    this.#leadingBytes += bytes.length + LEADING_OVERHEAD_BYTES
    this.#header.checkLength(this.#leadingBytes)
  }

  #readValue(id: number, bytes: Uint8Array): void {
    const tag = this.#tags.current
    if (id === ID.SimpleBlock || id === ID.Block) this.#readBlock(bytes)
    else if (id === ID.Timestamp) this.#readTimestamp(bytes)
    else if (id === ID.TagName && tag !== undefined) tag.name = readString(bytes)
    else if (id === ID.TagString && tag !== undefined) tag.value = readString(bytes)
    else this.#header.readValue(id, bytes)
  }

  #readTimestamp(bytes: Uint8Array): void {
    const ticks = readUintBig(bytes)
    if (ticks === undefined) {
      throw new PutMediaError('INVALID_PRODUCER_TIMESTAMP', 'a Cluster timestamp beyond all time')
    }
    if (this.#draft === undefined || this.#draft.isAnnounced) return
    this.#announce(this.#draft, ticks)
  }

  #readBlock(bytes: Uint8Array): void {
    const draft = this.#draft
    if (draft === undefined) return
    const track = readVint(bytes, 0)
    if (track === undefined || bytes.length < track.length + 3) {
      throw new PutMediaError('INVALID_MKV_DATA', `a block of ${bytes.length} bytes`)
    }
    // A Cluster that does not say its time counts from zero.
    if (!draft.isAnnounced) this.#announce(draft, 0n)
    const ticks = ((bytes[track.length]! << 24) >> 16) | bytes[track.length + 1]!
    draft.addBlock(track.value, ticks)
  }

  #announce(draft: FragmentDraft, timecode: bigint): void {
    draft.begin(timecode)
    this.#events.push({ type: 'fragment-start', timecode, timestampMs: draft.timestampMs })
  }

  /** Makes a fragment of the Cluster and what stands behind it up to an offset. */
  #closeFragment(endOffset: number, isLast: boolean): void {
    const draft = this.#draft
    if (draft?.cluster === undefined) return
    if (!draft.isAnnounced) this.#announce(draft, 0n)
    draft.checkWhole(isLast)
    const trailer = this.#raw.cutAt(endOffset)
    const length = draft.cluster.length + trailer.length
    if (length > this.#limits.maxBytes) throw tooLarge(length, this.#limits)
    this.#latestTicks = draft.latestTicks
    this.#draft = undefined
    const { cluster, timestampMs, durationMs, leading } = draft
    const { ebmlHeader, segmentHeader } = this.#header.next()
    const header = {
      ebmlHeader,
      segmentHeader: leading.length === 0 ? segmentHeader : Buffer.concat([segmentHeader, ...leading]),
    }
    const media = { ...header, cluster, trailer, timestampMs, durationMs }
    this.#events.push({ type: 'fragment', media })
  }

  /** What is held may not grow beyond what a header, or a fragment, may be. */
  #checkSize(): void {
    if (this.#draft === undefined) {
      this.#header.checkLength(this.#raw.length)
    } else {
      const length = this.#raw.length + (this.#draft.cluster?.length ?? 0)
      if (length > this.#limits.maxBytes) throw tooLarge(length, this.#limits)
    }
  }
}

const READ: ReadonlySet<number> = new Set([
  ...[ID.EBML, ID.DocType, ID.Segment, ID.Info, ID.TimestampScale, ID.Tracks, ID.TrackEntry, ID.TrackNumber],
  ...[ID.Tags, ID.Tag, ID.SimpleTag, ID.TagName, ID.TagString],
  ...[ID.Cluster, ID.Timestamp, ID.SimpleBlock, ID.BlockGroup, ID.Block],
])
/** Largest element that is read beside blocks; a tag's text is the longest, and may have 256. */
const MAX_VALUE_BYTES = 65_536
/** What an element costs in memory beyond its bytes. */
const LEADING_OVERHEAD_BYTES = 64

function tooLarge(length: number, { maxBytes }: FragmentLimits): PutMediaError {
  return new PutMediaError(
    'MAX_FRAGMENT_SIZE_REACHED',
    `a fragment of ${length} bytes; the limit is ${maxBytes}`,
  )
}
