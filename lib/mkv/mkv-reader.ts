import { MkvLimitError, MkvSyntaxError } from '../errors.ts'
import { numberOption } from '../options.ts'
import { type Block, readBlock } from './block.ts'
import { type ContentDecoder, contentDecoder } from './content-encoding.ts'
import { type EbmlEvent, EbmlReader } from './ebml-reader.ts'
import { ElementTree, leafValue } from './element-tree.ts'
import type { MkvEvent, MkvFrame } from './events.ts'
import type { ElementDefinition } from './schema/element.ts'
import { ELEMENT_IDS as ID } from './schema/elements.ts'
import { SegmentClock } from './segment-clock.ts'
import { readTags } from './tag-element.ts'
import { readTrackEntry } from './track-entry.ts'
import type { Track } from './tracks.ts'
import { readUint } from './values.ts'

/** Limits that protect the reader's memory from what a payload declares. */
export type MkvReaderOptions = {
  /** Largest frame, in bytes. @default 268435456 (256 MiB; a Kinesis Video fragment has at most 50 MB) */
  readonly maxFrameBytes?: number
  /** Most bytes that one Tracks, Tags or Info element may hold. @default 16777216 (16 MiB) */
  readonly maxMetadataBytes?: number
}

/**
 * Reads Matroska from bytes that come in any portions: any number of EBML documents one after the other, as GetMedia
 * sends them. `push` bytes, then call `next` until it gives `undefined`; after `end`, once more so.
 * The events are the same however the bytes are cut. It is synchronous and knows no stream.
 *
 * Throws `MkvSyntaxError` and `MkvLimitError`, after every event before the bad bytes has been given.
 * Memory: one frame, or one metadata element, and the chunk that holds its end.
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
  #inDocument = false
  #clock = DEFAULT_CLOCK
  #tracks = new Map<number, TrackState>()
  #clusterOffset = 0
  #clusterTicks = 0
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
      const event = this.#ebml.next()
      if (event === undefined) return this.#ended ? this.#endOfPayload() : undefined
      const result = this.#handle(event)
      if (result !== undefined) return result
    }
  }

  #clearPending(): void {
    this.#pending = []
    this.#pendingAt = 0
  }

  #handle(event: EbmlEvent): MkvEvent | undefined {
    switch (event.kind) {
      case 'data':
        return this.#data(event)
      case 'open':
        return this.#open(event.definition, event.byteOffset)
      case 'close':
        return this.#close(event.definition, event.byteOffset)
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
    if (this.#trees.length > 0 || TREES.has(definition.id)) return this.#openTree(definition, byteOffset)
    if (definition.id === ID.Cluster) {
      this.#clusterOffset = byteOffset
      this.#clusterTicks = 0
      this.#clusterAnnounced = false
    }
    return undefined
  }

  #openTree(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const tree = new ElementTree(definition, byteOffset)
    const parent = this.#trees.at(-1)
    if (parent === undefined) this.#metadataBytes = 0
    this.#countMetadata(0, byteOffset)
    parent?.children.push(tree)
    this.#trees.push(tree)
    if (definition.id !== ID.EBML) return undefined
    const wasInDocument = this.#inDocument
    this.#startDocument()
    return wasInDocument ? { type: 'document-end', byteOffset, reason: 'next-document' } : undefined
  }

  #startDocument(): void {
    this.#inDocument = true
    this.#clock = DEFAULT_CLOCK
    this.#tracks = new Map()
  }

  #data({ definition, byteOffset, bytes }: EbmlEvent & { kind: 'data' }): MkvEvent | undefined {
    if (definition.id === ID.SimpleBlock) return this.#simpleBlock(bytes, byteOffset)
    const tree = this.#trees.at(-1)
    if (tree === undefined)
      return this.#clusterTimestamp(leafValue({ definition, byteOffset, bytes }, readUint))
    if (definition.id !== ID.Block) this.#countMetadata(bytes.length, byteOffset)
    tree.children.push({ definition, byteOffset, bytes })
    return undefined
  }

  /** An element costs memory beyond its bytes: without that, a flood of empty elements would be free. */
  #countMetadata(bytes: number, byteOffset: number): void {
    this.#metadataBytes += bytes + ELEMENT_OVERHEAD_BYTES
    if (this.#metadataBytes <= this.#maxMetadataBytes) return
    const problem = `metadata of more than ${this.#maxMetadataBytes} bytes`
    throw new MkvLimitError(problem, 'maxMetadataBytes', byteOffset, this.#treePath())
  }

  #close(definition: ElementDefinition, byteOffset: number): MkvEvent | undefined {
    const tree = this.#trees.pop()
    if (tree === undefined) return definition.id === ID.Cluster ? this.#closeCluster() : undefined
    return this.#trees.length > 0 ? undefined : this.#wholeTree(tree, byteOffset)
  }

  #wholeTree(tree: ElementTree, byteOffset: number): MkvEvent | undefined {
    switch (tree.definition.id) {
      case ID.EBML:
        return documentStart(tree)
      case ID.Info:
        return this.#info(tree)
      case ID.Tracks:
        return {
          type: 'tracks',
          tracks: Array.from(tree.masters(ID.TrackEntry), entry => this.#track(entry)),
        }
      case ID.Tags:
        return { type: 'tags', byteOffset: tree.byteOffset, tags: readTags(tree) }
      default:
        return this.#blockGroup(tree, byteOffset)
    }
  }

  #info(info: ElementTree): MkvEvent {
    const timestampScale = info.uint(ID.TimestampScale) ?? DEFAULT_CLOCK.timestampScale
    if (timestampScale === 0) {
      throw new MkvSyntaxError('a TimestampScale of zero', info.byteOffset, 'Segment/Info/TimestampScale')
    }
    this.#clock = new SegmentClock(timestampScale)
    const duration = info.float(ID.Duration)
    return {
      type: 'info',
      timestampScale,
      durationMs: duration === undefined ? undefined : (duration * timestampScale) / 1e6,
      title: info.string(ID.Title),
      muxingApp: info.string(ID.MuxingApp),
      writingApp: info.string(ID.WritingApp),
    }
  }

  #track(entry: ElementTree): Track {
    const decoder = contentDecoder(entry)
    const track = readTrackEntry(entry, decoder, this.#maxFrameBytes)
    this.#tracks.set(track.number, { decoder, durationMs: track.defaultDurationMs })
    return track
  }

  #clusterTimestamp(ticks: number): MkvEvent | undefined {
    this.#clusterTicks = ticks
    return this.#clusterAnnounced ? undefined : this.#announceCluster()
  }

  #announceCluster(): MkvEvent {
    this.#clusterAnnounced = true
    return {
      type: 'cluster',
      byteOffset: this.#clusterOffset,
      timestampMs: this.#clock.toMs(this.#clusterTicks),
    }
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

  #simpleBlock(bytes: Uint8Array, byteOffset: number): MkvEvent {
    const block = readBlock(bytes, byteOffset, SIMPLE_BLOCK_PATH)
    const durationMs = this.#tracks.get(block.track)?.durationMs
    return this.#frames(block, block.keyframe, durationMs, byteOffset, SIMPLE_BLOCK_PATH)
  }

  /** A Block has no keyframe flag: it is one if its group refers to no other block. */
  #blockGroup(group: ElementTree, byteOffset: number): MkvEvent | undefined {
    const bytes = group.bytes(ID.Block)
    if (bytes === undefined)
      throw new MkvSyntaxError('a BlockGroup without a Block', byteOffset, BLOCK_GROUP_PATH)
    const block = readBlock(bytes, group.byteOffset, BLOCK_GROUP_PATH)
    const keyframe = group.bytes(ID.ReferenceBlock) === undefined
    const durationTicks = group.uint(ID.BlockDuration)
    const durationMs =
      durationTicks === undefined
        ? this.#tracks.get(block.track)?.durationMs
        : this.#clock.toMs(durationTicks) / block.frames.length
    return this.#frames(block, keyframe, durationMs, group.byteOffset, BLOCK_GROUP_PATH)
  }

  #frames(
    block: Block,
    keyframe: boolean,
    durationMs: number | undefined,
    byteOffset: number,
    path: string,
  ): MkvEvent {
    const { track, invisible, discardable } = block
    const decoder = this.#tracks.get(track)?.decoder
    const timestampMs = this.#clock.toMs(this.#clusterTicks + block.relativeTicks)
    const toFrame = (stored: Uint8Array, laceIndex: number): MkvFrame => {
      const where = { byteOffset, elementPath: path, maxFrameBytes: this.#maxFrameBytes }
      const data = decoder === undefined ? stored : decoder.frame(stored, where)
      return {
        type: 'frame',
        track,
        timestampMs,
        keyframe,
        invisible,
        discardable,
        durationMs,
        laceIndex,
        data,
      }
    }
    for (let i = 1; i < block.frames.length; i++) this.#pending.push(toFrame(block.frames[i]!, i))
    return this.#afterCluster(toFrame(block.frames[0]!, 0))
  }

  #treePath(): string {
    return this.#trees.map(tree => tree.definition.name).join('/')
  }
}

type TrackState = { readonly decoder: ContentDecoder | undefined; readonly durationMs: number | undefined }

function documentStart(header: ElementTree): MkvEvent {
  // A header that does not say is taken at its content's word.
  const docType = header.string(ID.DocType) ?? 'matroska'
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
const DEFAULT_CLOCK = new SegmentClock(1_000_000)
const ELEMENT_OVERHEAD_BYTES = 64
/** Track, time, flags and a lace of 256 sizes; generous for Xiph sizes. */
const MAX_BLOCK_HEAD_BYTES = 64 * 1024
const SIMPLE_BLOCK_PATH = 'Segment/Cluster/SimpleBlock'
const BLOCK_GROUP_PATH = 'Segment/Cluster/BlockGroup'

/** Elements that are read whole before they are told. */
const TREES: ReadonlySet<number> = new Set([ID.EBML, ID.Info, ID.Tracks, ID.Tags, ID.BlockGroup])

const WANTED: ReadonlySet<number> = new Set([
  ...[ID.EBML, ID.DocType, ID.DocTypeVersion],
  ...[ID.Segment, ID.Cluster, ID.Timestamp, ID.SimpleBlock],
  ...[ID.BlockGroup, ID.Block, ID.BlockDuration, ID.ReferenceBlock],
  ...[ID.Info, ID.TimestampScale, ID.Duration, ID.Title, ID.MuxingApp, ID.WritingApp],
  ...[
    ID.Tracks,
    ID.TrackEntry,
    ID.TrackNumber,
    ID.TrackUID,
    ID.TrackType,
    ID.Name,
    ID.Language,
    ID.LanguageBCP47,
  ],
  ...[ID.CodecID, ID.CodecName, ID.CodecPrivate, ID.DefaultDuration],
  ...[ID.Video, ID.PixelWidth, ID.PixelHeight, ID.DisplayWidth, ID.DisplayHeight],
  ...[ID.Audio, ID.SamplingFrequency, ID.Channels, ID.BitDepth],
  ...[ID.ContentEncodings, ID.ContentEncoding, ID.ContentEncodingOrder, ID.ContentEncodingScope],
  ...[ID.ContentEncodingType, ID.ContentCompression, ID.ContentCompAlgo, ID.ContentCompSettings],
  ...[ID.Tags, ID.Tag, ID.Targets, ID.TargetTypeValue, ID.TagTrackUID],
  ...[ID.SimpleTag, ID.TagName, ID.TagString, ID.TagBinary, ID.TagLanguage, ID.TagLanguageBCP47],
])
