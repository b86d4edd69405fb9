import { type EbmlEvent, EbmlReader } from '../../matroska/ebml/ebml-reader.ts'
import { readString, readUint } from '../../matroska/ebml/values.ts'
import { readVint } from '../../matroska/ebml/vint.ts'
import { findLateMetadata } from '../../matroska/reader/late-metadata.ts'
import { parseElementTree } from '../../matroska/reader/parse-element-tree.ts'
import { elementDefinition } from '../../matroska/schema/element.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { type HeaderPart, repeatedParts } from '../ingest/header-parts.ts'
import type { HeaderTags } from '../ingest/ingest-settings.ts'
import type { MediaFragment, RecordedTags } from './fragment.ts'
import { END_OF_FRAGMENT, SERVICE_TAG_NAMES } from './service-tags.ts'

/**
 * Cuts MKV bytes into fragments: each Cluster is one, with the header of its document and what stands between it and
 * the next Cluster; what follows an end-of-fragment tag is the next fragment's. Info and Tracks that come after the
 * Clusters go into the header. `headerTags` is as of `EmulatorOptions`. Works on a plain file and on a recording of GetMedia, whose many documents hold a Cluster each and
 * whose service tags are taken out. A last Cluster that is not whole is left out, as the service never got it.
 *
 * The fragments' bytes are views of `bytes`, except for headers.
 *
 * @throws MkvSyntaxError for bytes that are no Matroska
 */
export function splitFragments(bytes: Uint8Array, headerTags: HeaderTags = 'repeat'): MediaFragment[] {
  const splitter = new FragmentSplitter(bytes, headerTags)
  const reader = new EbmlReader({
    wants: definition => READ.has(definition.id),
    maxFrameBytes: Number.POSITIVE_INFINITY,
    maxMetadataBytes: Number.POSITIVE_INFINITY,
  })
  reader.push(bytes)
  reader.end()
  for (let event = reader.next(); event !== undefined; event = reader.next()) splitter.read(event)
  return splitter.fragments()
}

const READ: ReadonlySet<number> = new Set([
  ID.EBML,
  ID.Segment,
  ID.Info,
  ID.TimestampScale,
  ID.Tags,
  ID.Tag,
  ID.SimpleTag,
  ID.TagName,
  ID.TagString,
  ID.Cluster,
  ID.Timestamp,
  ID.SimpleBlock,
  ID.BlockGroup,
  ID.Block,
])

/** A Cluster with what belongs to it, while the file is read. */
type Draft = {
  ebmlHeader: Uint8Array
  segmentHeader: Uint8Array
  cluster: Uint8Array | undefined
  trailer: Uint8Array[]
  nanosecondsPerTick: number
  timestampTicks: number
  /** Ticks from the Cluster's timestamp to the end of its last frame, as far as the blocks tell. */
  lengthTicks: number
  /** Ticks of the last block of each track, to tell how long a frame lasts. */
  lastTicks: Map<number, number>
  recorded: RecordedTags | undefined
}

class FragmentSplitter {
  readonly #bytes: Uint8Array
  readonly #headerTags: HeaderTags
  readonly #drafts: Draft[] = []
  #depth = 0
  #inSegment = false
  /** Where the element at the top of a document or of its Segment began. */
  #start = 0
  #ebmlHeader: Uint8Array = new Uint8Array()
  #headerParts: HeaderPart[] = []
  #segmentHeader: Uint8Array | undefined
  #nanosecondsPerTick = 1_000_000
  #draft: Draft | undefined
  #tags: [name: string, value: string][] = []
  #serviceTags = new Map<string, string>()
  /** Where elements begin that are in the header already. */
  readonly #late = new Set<number>()
  /** Elements since the end-of-fragment tag; `undefined` where none came since the last Cluster. */
  #leading: Uint8Array[] | undefined

  constructor(bytes: Uint8Array, headerTags: HeaderTags) {
    this.#bytes = bytes
    this.#headerTags = headerTags
  }

  read(event: EbmlEvent): void {
    switch (event.kind) {
      case 'open':
        this.#open(event.definition.id, event.byteOffset)
        break
      case 'data':
        this.#readValue(event.definition.id, event.bytes)
        break
      case 'close':
        this.#close(event.definition.id, event.byteOffset)
        break
      case 'skipped':
        if (this.#depth === 1 && this.#inSegment) this.#keep(event.id, event.byteOffset, event.endOffset)
        break
    }
  }

  fragments(): MediaFragment[] {
    const whole = this.#drafts.filter(draft => draft.cluster !== undefined)
    return whole.map((draft, index) => toFragment(draft, whole[index + 1]))
  }

  #open(id: number, byteOffset: number): void {
    if (this.#depth <= 1 && id !== ID.Segment) this.#start = byteOffset
    this.#depth++
    if (id === ID.Segment) this.#inSegment = true
    if (id === ID.Cluster) this.#openCluster(byteOffset)
    else if (id === ID.Tags) this.#tags = []
    else if (id === ID.SimpleTag) this.#tags.push(['', ''])
    else if (id === ID.EBML) this.#openDocument()
  }

  #openDocument(): void {
    this.#inSegment = false
    this.#headerParts = []
    this.#segmentHeader = undefined
    this.#nanosecondsPerTick = 1_000_000
    this.#draft = undefined
    this.#leading = undefined
    this.#serviceTags = new Map()
  }

  #addLateMetadata(clusterOffset: number): void {
    const missing = [ID.Info, ID.Tracks].filter(id => !this.#headerParts.some(part => part.id === id))
    if (missing.length === 0) return
    const bytes = this.#bytes
    const access = {
      size: bytes.length,
      read: (at: number, length: number) => bytes.subarray(at, at + length),
    }
    const search = { segmentDataOffset: 0, clusterOffset, missing, positions: new Map<number, number>() }
    for (const { id, byteOffset, dataOffset, end } of findLateMetadata(access, search)) {
      this.#headerParts.push({ id, bytes: bytes.subarray(byteOffset, end) })
      this.#late.add(byteOffset)
      if (id === ID.Info)
        this.#nanosecondsPerTick = timestampScaleOf(bytes.subarray(dataOffset, end), dataOffset)
    }
  }

  #openCluster(byteOffset: number): void {
    if (this.#segmentHeader === undefined) this.#addLateMetadata(byteOffset)
    const leading = this.#leading ?? []
    this.#leading = undefined
    this.#draft = {
      ebmlHeader: this.#ebmlHeader,
      segmentHeader: Buffer.concat([this.#nextSegmentHeader(), ...leading]),
      cluster: undefined,
      trailer: [],
      nanosecondsPerTick: this.#nanosecondsPerTick,
      timestampTicks: 0,
      lengthTicks: 0,
      lastTicks: new Map(),
      recorded: toRecordedTags(this.#serviceTags),
    }
    this.#serviceTags = new Map()
    this.#drafts.push(this.#draft)
  }

  #nextSegmentHeader(): Uint8Array {
    if (this.#segmentHeader !== undefined) return this.#segmentHeader
    const repeated = repeatedParts(this.#headerParts, this.#headerTags)
    this.#segmentHeader = Buffer.concat(repeated.map(part => part.bytes))
    return Buffer.concat(this.#headerParts.map(part => part.bytes))
  }

  #close(id: number, byteOffset: number): void {
    this.#depth--
    if (id === ID.EBML) this.#ebmlHeader = this.#bytes.subarray(this.#start, byteOffset)
    else if (id === ID.Cluster) this.#draft!.cluster = this.#bytes.subarray(this.#start, byteOffset)
    else if (id === ID.Tags) this.#closeTags(byteOffset)
    else if (id === ID.Info) this.#keep(id, this.#start, byteOffset)
  }

  #closeTags(byteOffset: number): void {
    const areTheService = this.#tags.length > 0 && this.#tags.every(([name]) => SERVICE_TAG_NAMES.has(name))
    if (!areTheService) this.#keep(ID.Tags, this.#start, byteOffset)
    else for (const [name, value] of this.#tags) this.#serviceTags.set(name, value)
    if (this.#draft !== undefined && this.#tags.some(([name]) => name === END_OF_FRAGMENT))
      this.#leading ??= []
  }

  /** Keeps an element of the Segment: before the first Cluster for the header, later for the last Cluster's trailer. */
  #keep(id: number, start: number, end: number): void {
    if (this.#late.has(start)) return
    const bytes = this.#bytes.subarray(start, end)
    if (this.#leading !== undefined) this.#leading.push(bytes)
    else if (this.#draft !== undefined) this.#draft.trailer.push(bytes)
    else this.#headerParts.push({ id, bytes })
  }

  #readValue(id: number, bytes: Uint8Array): void {
    const tag = this.#tags.at(-1)
    if (id === ID.TagName && tag !== undefined) tag[0] = readString(bytes)
    else if (id === ID.TagString && tag !== undefined) tag[1] = readString(bytes)
    else if (id === ID.TimestampScale) this.#nanosecondsPerTick = readUint(bytes) ?? 1_000_000
    else if (id === ID.Timestamp && this.#draft !== undefined)
      this.#draft.timestampTicks = readUint(bytes) ?? 0
    else if ((id === ID.SimpleBlock || id === ID.Block) && this.#draft !== undefined) {
      readBlock(this.#draft, bytes)
    }
  }
}

function timestampScaleOf(info: Uint8Array, dataOffset: number): number {
  const definition = elementDefinition(ID.Info)!
  const tree = parseElementTree(definition, dataOffset, { bytes: info, dataOffset }, info.length)
  return tree.uint(ID.TimestampScale) || 1_000_000
}

function readBlock(draft: Draft, bytes: Uint8Array): void {
  const track = readVint(bytes, 0)
  if (track === undefined || track.length + 2 > bytes.length) return
  const ticks = ((bytes[track.length]! << 24) >> 16) | bytes[track.length + 1]!
  const before = draft.lastTicks.get(track.value)
  const frameTicks = before === undefined ? 0 : Math.max(0, ticks - before)
  draft.lastTicks.set(track.value, ticks)
  draft.lengthTicks = Math.max(draft.lengthTicks, ticks + frameTicks)
}

function toFragment(draft: Draft, next: Draft | undefined): MediaFragment {
  const msPerTick = draft.nanosecondsPerTick / 1_000_000
  const timestampMs = draft.timestampTicks * msPerTick
  const ownMs = Math.max(1, draft.lengthTicks * msPerTick)
  const untilNextMs =
    next === undefined ? 0 : (next.timestampTicks * next.nanosecondsPerTick) / 1_000_000 - timestampMs
  return {
    ebmlHeader: draft.ebmlHeader,
    segmentHeader: draft.segmentHeader,
    cluster: draft.cluster!,
    trailer: Buffer.concat(draft.trailer),
    timestampMs,
    // The next Cluster tells exactly, unless a gap lies between or the producer began anew.
    durationMs: untilNextMs > 0 && untilNextMs <= 1.5 * ownMs ? untilNextMs : ownMs,
    recorded: draft.recorded,
  }
}

function toRecordedTags(tags: ReadonlyMap<string, string>): RecordedTags | undefined {
  const number = tags.get('AWS_KINESISVIDEO_FRAGMENT_NUMBER')
  const server = Number(tags.get('AWS_KINESISVIDEO_SERVER_TIMESTAMP'))
  const producer = Number(tags.get('AWS_KINESISVIDEO_PRODUCER_TIMESTAMP'))
  if (number === undefined || !/^[0-9]+$/.test(number) || Number.isNaN(server + producer)) return undefined
  return {
    number: BigInt(number),
    serverTimestampMs: Math.round(server * 1000),
    producerTimestampMs: Math.round(producer * 1000),
  }
}
