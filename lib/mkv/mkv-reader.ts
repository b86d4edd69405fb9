import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import { numberOption } from '../options.ts'
import { bytesOf, CopyRoom, copyOf } from './byte-segment.ts'
import type { PlacedData, PlacedEbmlEvent } from './ebml-events.ts'
import { EbmlReader } from './ebml-reader.ts'
import { type ElementLeaf, ElementTree, leafValue } from './element-tree.ts'
import type { MkvEvent } from './events.ts'
import { readPlainTags } from './plain-tags.ts'
import { RepeatedElements } from './repeated-elements.ts'
import { type ElementDefinition, schemaPath } from './schema/element.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { SegmentReader } from './segment-reader.ts'
import { readTags } from './tag-element.ts'
import { TrackTable } from './track-table.ts'
import { readUint, readUintBig } from './values.ts'
import { TREES, WANTED } from './wanted-elements.ts'

/** Limits that protect the reader's memory from what a payload declares. */
export type MkvReaderOptions = {
  /** Largest frame, in bytes. @default 268435456 (256 MiB; a Kinesis Video fragment has at most 50 MB) */
  readonly maxFrameBytes?: number
  /** Most bytes that one Tracks, Tags or Info element may hold, or a BlockGroup beside its Block. @default 16777216 (16 MiB) */
  readonly maxMetadataBytes?: number
}

/**
 * Reads Matroska from bytes that come in any portions: any number of EBML documents one after the other, as GetMedia
 * sends them. `push` bytes, then call `next` until it gives `undefined`; after `end`, once more so.
 * The events are the same however the bytes are cut. It is synchronous and knows no stream.
 *
 * Throws `MkvSyntaxError` and `MkvLimitError`, after every event before the bad bytes has been given.
 * Memory: one frame, or one metadata element, and the chunk that holds its end; and the last EBML header, Info and Tracks.
 */
export class MkvReader {
  readonly #ebml: EbmlReader
  readonly #maxFrameBytes: number
  readonly #maxMetadataBytes: number
  /** What one step gave beyond its first event: the other frames of a lace, an event that follows at once. */
  #pending: MkvEvent[] = []
  #pendingAt = 0
  /** The metadata element being read whole, innermost last. */
  #trees: ElementTree[] = []
  #metadataBytes = 0
  /** For the values of metadata. */
  readonly #copies = new CopyRoom(4096)
  #inDocument = false
  readonly #repeated = new RepeatedElements()
  readonly #trackTable: TrackTable
  #segment: SegmentReader
  #clusterAnnounced = false
  #ended = false

  constructor(options: MkvReaderOptions = {}) {
    this.#maxFrameBytes = numberOption('maxFrameBytes', options.maxFrameBytes, 256 * MIB, {
      min: 1,
      integer: true,
    })
    this.#maxMetadataBytes = numberOption('maxMetadataBytes', options.maxMetadataBytes, 16 * MIB, {
      min: 1,
      integer: true,
    })
    this.#trackTable = new TrackTable(this.#maxFrameBytes)
    this.#segment = this.#newSegment()
    this.#ebml = new EbmlReader({
      wants: definition => WANTED.has(definition.id),
      // A block's head and lace sizes are not the frame's.
      maxFrameBytes: this.#maxFrameBytes + MAX_BLOCK_HEAD_BYTES,
      maxMetadataBytes: this.#maxMetadataBytes,
    })
  }

  /** Accepts the next bytes, which must not change afterwards: frames are views of them where they can be. */
  push(chunk: Uint8Array): void {
    this.#ebml.push(chunk)
  }

  /** Says that the payload is over. */
  end(): void {
    this.#ended = true
    this.#ebml.end()
  }

  /** The next event, or `undefined` when more bytes are needed, or all has been said. */
  next(): MkvEvent | undefined {
    for (;;) {
      if (this.#pendingAt < this.#pending.length) return this.#pending[this.#pendingAt++]
      if (this.#pendingAt > 0) this.#clearPending()
      const event = this.#ebml.nextPlaced()
      if (event === undefined) return this.#ended ? this.#endOfPayload() : undefined
      const result = this.#handle(event)
      if (result !== undefined) return result
    }
  }

  #clearPending(): void {
    this.#pending = []
    this.#pendingAt = 0
  }

  #handle(event: PlacedEbmlEvent): MkvEvent | undefined {
    switch (event.kind) {
      case 'data':
        return this.#data(event)
      case 'open':
        return this.#open(event.definition, event.byteOffset)
      case 'close':
        return this.#close(event.definition)
      case 'truncated':
        this.#inDocument = false
        return { type: 'truncated', byteOffset: event.byteOffset, elementPath: event.elementPath }
      case 'skipped':
        return undefined
    }
  }

  #endOfPayload(): MkvEvent | undefined {
    if (!this.#inDocument) return undefined
    this.#inDocument = false
    return { type: 'document-end', byteOffset: this.#ebml.byteOffset, reason: 'end-of-payload' }
  }

  #open(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    if (this.#trees.length > 0) return this.#openTree(definition, byteOffset)
    if (TREES.has(definition.id))
      return this.#plainTags(definition, byteOffset) ?? this.#openTree(definition, byteOffset)
    if (definition.id === ID.Segment) this.#segment = this.#newSegment()
    if (definition.id === ID.Cluster) {
      this.#segment.startCluster(byteOffset)
      this.#clusterAnnounced = false
    }
    return undefined
  }

  /** Tags that are all there, and as usual, are told at once. */
  #plainTags({ id }: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const place = id === ID.Tags ? this.#ebml.payloadAhead() : undefined
    if (place === undefined || mostMemoryOf(place.end - place.start) > this.#maxMetadataBytes)
      return undefined
    const tags = readPlainTags(place.segment.bytes, place.start, place.end)
    if (tags === undefined) return undefined
    this.#ebml.passOver(place)
    return { type: 'tags', byteOffset, tags }
  }

  #newSegment(): SegmentReader {
    return new SegmentReader(this.#maxFrameBytes, this.#trackTable)
  }

  #openTree(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const parent = this.#trees.at(-1)
    const known = parent === undefined ? this.#repeated.childrenOf(definition, this.#ebml) : undefined
    const tree = new ElementTree(definition, byteOffset, known)
    if (parent === undefined) this.#metadataBytes = 0
    parent?.children.push(tree)
    this.#trees.push(tree)
    this.#countMetadata(0, byteOffset)
    if (definition.id !== ID.EBML) return undefined
    const wasInDocument = this.#inDocument
    this.#inDocument = true
    return wasInDocument ? { type: 'document-end', byteOffset, reason: 'next-document' } : undefined
  }

  #data({ definition, byteOffset, place }: PlacedData): MkvEvent | undefined {
    if (definition.id === ID.SimpleBlock)
      return this.#afterCluster(this.#segment.simpleBlock(place, byteOffset, this.#pending))
    const tree = this.#trees.at(-1)
    if (tree === undefined) {
      return this.#clusterTimestamp({ definition, byteOffset, bytes: bytesOf(place) })
    }
    if (definition.id === ID.Block) {
      if (tree.bytes(ID.Block) !== undefined)
        throw new MkvSyntaxError('a second Block in one BlockGroup', byteOffset, schemaPath(definition))
      tree.children.push({ definition, byteOffset, bytes: bytesOf(place) })
    } else {
      this.#countMetadata(place.end - place.start, byteOffset)
      tree.children.push({ definition, byteOffset, bytes: copyOf(place, this.#copies) })
    }
    return undefined
  }

  /** An element costs memory beyond its bytes: without that, a flood of empty elements would be free. */
  #countMetadata(bytes: number, byteOffset: number): void {
    this.#metadataBytes += bytes + ELEMENT_OVERHEAD_BYTES
    if (this.#metadataBytes <= this.#maxMetadataBytes) return
    const problem = `metadata of more than ${this.#maxMetadataBytes} bytes`
    const elementPath = schemaPath(this.#trees.at(-1)!.definition)
    throw new MkvLimitError(problem, 'maxMetadataBytes', byteOffset, elementPath)
  }

  #close(definition: ElementDefinition): MkvEvent | undefined {
    const tree = this.#trees.pop()
    if (tree === undefined) return definition.id === ID.Cluster ? this.#closeCluster() : undefined
    if (this.#trees.length > 0) return undefined
    const event = this.#wholeTree(tree)
    this.#repeated.remember(tree)
    return event
  }

  #wholeTree(tree: ElementTree): MkvEvent | undefined {
    switch (tree.definition.id) {
      case ID.EBML:
        return documentStart(tree)
      case ID.Info:
        return this.#segment.info(tree)
      case ID.Tracks:
        return this.#segment.tracks(tree)
      case ID.Tags:
        return { type: 'tags', byteOffset: tree.byteOffset, tags: readTags(tree) }
      default:
        return this.#afterCluster(this.#segment.blockGroup(tree, this.#pending))
    }
  }

  #clusterTimestamp(leaf: ElementLeaf): MkvEvent | undefined {
    this.#segment.clusterTimestamp(readUint(leaf.bytes) ?? leafValue(leaf, readUintBig))
    return this.#clusterAnnounced ? undefined : this.#announceCluster()
  }

  #announceCluster(): MkvEvent {
    this.#clusterAnnounced = true
    return this.#segment.cluster
  }

  #closeCluster(): MkvEvent {
    return this.#afterCluster({ type: 'cluster-end' })
  }

  /** A cluster without a Timestamp counts from zero, and is announced before what it holds. */
  #afterCluster(event: MkvEvent): MkvEvent {
    if (this.#clusterAnnounced) return event
    const cluster = this.#announceCluster()
    this.#pending.unshift(event)
    return cluster
  }
}

function documentStart(header: ElementTree): MkvEvent {
  // A header that does not say is taken at its content's word.
  const docType = header.string(ID.DocType) || 'matroska'
  if (docType !== 'matroska' && docType !== 'webm') {
    const problem = `an EBML document of type ${JSON.stringify(docType)}, where "matroska" or "webm" was expected,`
    throw new MkvSyntaxError(problem, header.byteOffset, 'EBML/DocType')
  }
  return {
    type: 'document-start',
    byteOffset: header.byteOffset,
    docType,
    docTypeVersion: header.uint(ID.DocTypeVersion) ?? 1,
  }
}

const MIB = 1024 * 1024
const ELEMENT_OVERHEAD_BYTES = 64
/** What an element with so large a payload may cost at most: itself, and empty elements in the fewest bytes, which are three. */
function mostMemoryOf(payloadBytes: number): number {
  return ELEMENT_OVERHEAD_BYTES * (1 + payloadBytes / 3) + payloadBytes
}

/** Track, time, flags and a lace of 256 sizes; generous for Xiph sizes. */
const MAX_BLOCK_HEAD_BYTES = 64 * 1024
