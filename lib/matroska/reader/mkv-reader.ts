import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'
import { knownOptions, numberOption, optionNames } from '../../core/options.ts'
import { bytesOf, CopyRoom, copyOf } from '../ebml/byte-segment.ts'
import type { PlacedData, PlacedEbmlEvent } from '../ebml/ebml-events.ts'
import { EbmlReader } from '../ebml/ebml-reader.ts'
import { type ElementLeaf, ElementTree, leafValue } from '../ebml/element-tree.ts'
import { readUint, readUintBig } from '../ebml/values.ts'
import { type ElementDefinition, schemaPath } from '../schema/element.ts'
import { ELEMENT_IDS as ID } from '../schema/elements.ts'
import { DocumentWarnings } from './document-warnings.ts'
import type { DocumentEndEvent, MkvEvent, MkvFrame } from './events.ts'
import { type MetadataLimits, readLateElement } from './late-metadata.ts'
import { readPlainTags } from './plain-tags.ts'
import { RepeatedElements } from './repeated-elements.ts'
import type { SeekableBytes } from './seekable-bytes.ts'
import { SegmentMetadata } from './segment-metadata.ts'
import { SegmentReader } from './segment-reader.ts'
import { readTags } from './tag-element.ts'
import { TrackTable } from './track-table.ts'
import { TREES, WANTED } from './wanted-elements.ts'

/** Limits that protect the reader's memory from what a payload declares. */
export type MkvReaderOptions = {
  /** Largest frame, in bytes. @default 268435456 (256 MiB; a Kinesis Video fragment has at most 50 MB) */
  readonly maxFrameBytes?: number
  /** Most bytes that one Tracks, Tags or Info element may hold, or a BlockGroup beside its Block. @default 16777216 (16 MiB) */
  readonly maxMetadataBytes?: number
  /** Most elements that one Tracks, Tags or Info element may hold: each costs up to 200 bytes of memory, even an empty one. @default 1000000 */
  readonly maxMetadataElements?: number
  /**
   * The same payload, where it can be read at any position, as a file can. It is asked only where a Segment has no Info or no
   * Tracks before its first Cluster, and finds them after it.
   */
  readonly seekable?: SeekableBytes
}

const OPTIONS = optionNames<MkvReaderOptions>({
  ...{ maxFrameBytes: true, maxMetadataBytes: true, maxMetadataElements: true, seekable: true },
})

/**
 * Reads Matroska from bytes that come in any portions: any number of EBML documents one after the other, as GetMedia
 * sends them. `push` bytes, then call `next` until it gives `undefined`; after `end`, once more so.
 * The events are the same however the bytes are cut. It is synchronous and knows no stream.
 *
 * Throws `MkvSyntaxError`, `MkvLimitError` and `MkvLateMetadataError`, after every event before the bad bytes has been given.
 * Memory: one frame, or one metadata element, and the chunk that holds its end; and the last EBML header, Info and Tracks.
 */
export class MkvReader {
  readonly #ebml: EbmlReader
  readonly #maxFrameBytes: number
  readonly #limits: MetadataLimits
  readonly #seekable: SeekableBytes | undefined
  /** What one step gave beyond its first event: the other frames of a lace, an event that follows at once. */
  #pending: MkvEvent[] = []
  #pendingAt = 0
  /** The metadata element being read whole, innermost last. */
  #trees: ElementTree[] = []
  #metadataBytes = 0
  #metadataElements = 0
  /** For the values of metadata. */
  readonly #copies = new CopyRoom(4096)
  #inDocument = false
  readonly #repeated = new RepeatedElements()
  readonly #trackTable: TrackTable
  #segment: SegmentReader
  #metadata: SegmentMetadata
  #warnings = new DocumentWarnings()
  #clusterAnnounced = false
  #ended = false

  constructor(options: MkvReaderOptions = {}) {
    knownOptions('MkvReader', options, OPTIONS)
    this.#maxFrameBytes = numberOption('maxFrameBytes', options.maxFrameBytes, 256 * MIB, {
      min: 1,
      integer: true,
    })
    const limit = (name: keyof MetadataLimits, fallback: number) =>
      numberOption(name, options[name], fallback, { min: 1, integer: true })
    this.#limits = {
      maxMetadataBytes: limit('maxMetadataBytes', 16 * MIB),
      maxMetadataElements: limit('maxMetadataElements', 1_000_000),
    }
    this.#seekable = options.seekable
    this.#trackTable = new TrackTable(this.#maxFrameBytes)
    this.#segment = new SegmentReader(this.#maxFrameBytes, this.#trackTable)
    this.#metadata = this.#newMetadata(0)
    this.#ebml = new EbmlReader({
      wants: definition => WANTED.has(definition.id),
      // A block's head and lace sizes are not the frame's.
      maxFrameBytes: this.#maxFrameBytes + MAX_BLOCK_HEAD_BYTES,
      maxMetadataBytes: this.#limits.maxMetadataBytes,
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
        return this.#open(event.definition, event.byteOffset, event.dataOffset)
      case 'close':
        return this.#close(event.definition, event.byteOffset)
      case 'truncated':
        this.#inDocument = false
        return { type: 'truncated', byteOffset: event.byteOffset, elementPath: event.elementPath }
      case 'skipped':
        return this.#skipped(event.id, event.byteOffset)
      case 'warning':
        return this.#warnings.ebml(event)
    }
  }

  /** Blocks are wanted wherever they may be: one that was skipped lies in no Cluster. */
  #skipped(id: number, byteOffset: number): MkvEvent | undefined {
    if (id !== ID.SimpleBlock && id !== ID.BlockGroup) return undefined
    return this.#warnings.blockOutsideCluster(byteOffset)
  }

  #endOfPayload(): MkvEvent | undefined {
    if (!this.#inDocument) return undefined
    return this.#documentEnd(this.#ebml.byteOffset, 'end-of-payload')
  }

  #documentEnd(byteOffset: number, reason: DocumentEndEvent['reason']): DocumentEndEvent {
    const skipped = this.#warnings.skippedInDocument()
    this.#inDocument = false
    this.#warnings = new DocumentWarnings()
    return { type: 'document-end', byteOffset, reason, ...skipped }
  }

  #open(definition: ElementDefinition, byteOffset: number, dataOffset: number): MkvEvent | undefined {
    if (this.#trees.length > 0) return this.#openTree(definition, byteOffset)
    if (TREES.has(definition.id))
      return this.#plainTags(definition, byteOffset) ?? this.#openTree(definition, byteOffset)
    if (definition.id === ID.Segment) {
      this.#segment = new SegmentReader(this.#maxFrameBytes, this.#trackTable)
      this.#metadata = this.#newMetadata(dataOffset)
    }
    return definition.id === ID.Cluster ? this.#openCluster(byteOffset) : undefined
  }

  #openCluster(byteOffset: number): MkvEvent | undefined {
    this.#segment.startCluster(byteOffset)
    this.#clusterAnnounced = false
    for (const element of this.#metadata.cluster(byteOffset)) {
      const tree = readLateElement(this.#seekable!, element, this.#limits)
      this.#pending.push(element.id === ID.Info ? this.#segment.info(tree) : this.#segment.tracks(tree))
    }
    return this.#pending.shift()
  }

  /** Tags that are all there, and as usual, are told at once. */
  #plainTags({ id }: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const place = id === ID.Tags ? this.#ebml.payloadAhead() : undefined
    if (place === undefined) return undefined
    const size = place.end - place.start
    const { maxMetadataBytes, maxMetadataElements } = this.#limits
    if (size > maxMetadataBytes || size / MIN_ELEMENT_BYTES > maxMetadataElements) return undefined
    const tags = readPlainTags(place.segment.bytes, place.start, place.end)
    if (tags === undefined) return undefined
    this.#ebml.passOver(place)
    return { type: 'tags', byteOffset, tags }
  }

  #newMetadata(dataOffset: number): SegmentMetadata {
    return new SegmentMetadata(dataOffset, this.#seekable)
  }

  #openTree(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const parent = this.#trees.at(-1)
    const known = parent === undefined ? this.#repeated.childrenOf(definition, this.#ebml) : undefined
    const tree = new ElementTree(definition, byteOffset, known)
    this.#trees.push(tree)
    if (parent === undefined) {
      this.#metadataBytes = 0
      this.#metadataElements = 0
    } else {
      parent.children.push(tree)
      this.#countMetadata(byteOffset)
    }
    if (definition.id !== ID.EBML) return undefined
    const end = this.#inDocument ? this.#documentEnd(byteOffset, 'next-document') : undefined
    this.#inDocument = true
    return end
  }

  #data({ definition, byteOffset, place }: PlacedData): MkvEvent | undefined {
    if (definition.id === ID.SimpleBlock)
      return this.#block(this.#segment.simpleBlock(place, byteOffset, this.#pending), byteOffset)
    const tree = this.#trees.at(-1)
    if (tree === undefined) {
      return this.#clusterTimestamp({ definition, byteOffset, bytes: bytesOf(place) })
    }
    if (definition.id === ID.Block) {
      if (tree.bytes(ID.Block) !== undefined)
        throw new MkvSyntaxError('a second Block in one BlockGroup', byteOffset, schemaPath(definition))
      tree.children.push({ definition, byteOffset, bytes: bytesOf(place) })
    } else {
      this.#countMetadata(byteOffset)
      tree.children.push({ definition, byteOffset, bytes: copyOf(place, this.#copies) })
    }
    return undefined
  }

  /** A frame, or the number of an undeclared track, whose block is skipped. */
  #block(frame: MkvFrame | number, byteOffset: number): MkvEvent | undefined {
    if (typeof frame !== 'number') {
      return this.#segment.hasTracks ? this.#afterCluster(frame) : this.#frameWithoutTracks(frame, byteOffset)
    }
    const warning = this.#warnings.undeclaredTrack(frame, byteOffset)
    return warning && this.#afterCluster(warning)
  }

  #frameWithoutTracks(frame: MkvFrame, byteOffset: number): MkvEvent {
    const warning = this.#warnings.tracksMissing(byteOffset)
    if (warning === undefined) return this.#afterCluster(frame)
    this.#pending.unshift(frame)
    return this.#afterCluster(warning)
  }

  /** Counts an element whose bytes up to here were read, and end with it or, of a master, with its header. */
  #countMetadata(byteOffset: number): void {
    this.#metadataBytes += this.#ebml.byteOffset - byteOffset
    this.#metadataElements++
    const { maxMetadataBytes, maxMetadataElements } = this.#limits
    if (this.#metadataBytes > maxMetadataBytes)
      throw this.#overLimit(`more than ${maxMetadataBytes} bytes`, 'maxMetadataBytes', byteOffset)
    if (this.#metadataElements > maxMetadataElements)
      throw this.#overLimit(`more than ${maxMetadataElements} elements`, 'maxMetadataElements', byteOffset)
  }

  #overLimit(what: string, option: string, byteOffset: number): MkvLimitError {
    const problem = `${this.#trees[0]!.definition.name} of ${what}`
    return new MkvLimitError(problem, option, byteOffset, schemaPath(this.#trees.at(-1)!.definition))
  }

  #close(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const tree = this.#trees.pop()
    if (tree === undefined) return definition.id === ID.Cluster ? this.#closeCluster() : undefined
    if (this.#trees.length > 0) return undefined
    const event = this.#wholeTree(tree)
    this.#repeated.remember(tree, byteOffset)
    return event
  }

  #wholeTree(tree: ElementTree): MkvEvent | undefined {
    switch (tree.definition.id) {
      case ID.EBML:
        return documentStart(tree)
      case ID.SeekHead:
        this.#metadata.seekHead(tree)
        return undefined
      case ID.Info:
        return this.#metadata.accept(tree) ? this.#segment.info(tree) : undefined
      case ID.Tracks:
        return this.#metadata.accept(tree) ? this.#segment.tracks(tree) : undefined
      case ID.Tags:
        return { type: 'tags', byteOffset: tree.byteOffset, tags: readTags(tree) }
      default:
        return this.#block(this.#segment.blockGroup(tree, this.#pending), tree.byteOffset)
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
    return this.#afterCluster({ type: 'cluster-end', ...this.#warnings.skippedInCluster() })
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
/** Ids in Tags have two bytes, and a size one. */
const MIN_ELEMENT_BYTES = 3

/** Track, time, flags and a lace of 256 sizes; generous for Xiph sizes. */
const MAX_BLOCK_HEAD_BYTES = 64 * 1024
