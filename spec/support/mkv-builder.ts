import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import {
  type BlockContent,
  binary,
  block,
  type ElementOptions,
  element,
  encodeId,
  encodeSize,
  float,
  int,
  type Lacing,
  master,
  simpleBlock,
  string,
  UNKNOWN_SIZE,
  uint,
} from '../../lib/matroska/writer/writer.ts'

/**
 * Payloads for specs, written as a producer and the service write them:
 *
 *     payload(
 *       fragment({ number: '1', timestamp: 0, frames: [{ at: 0, keyframe: true, data: 'first' }] }),
 *       fragment({ number: '2', timestamp: 40, frames: [{ at: 0, data: 'second' }], token: null }),
 *     )
 */

/** Text stands for its UTF-8 bytes. */
export type Data = Uint8Array | string

/** What an EBML header says. */
export type EbmlHeaderOptions = {
  readonly docType?: string
  readonly docTypeVersion?: number
  /** The DocType's text ends in NUL, as the PIC producer's does. */
  readonly nul?: boolean
}

/** The head of a document. */
export function ebmlHeader(options: EbmlHeaderOptions = {}): Buffer {
  const { docType = 'matroska', docTypeVersion = 4, nul = false } = options
  return master(
    ID.EBML,
    uint(ID.EBMLVersion, 1),
    uint(ID.EBMLReadVersion, 1),
    uint(ID.EBMLMaxIDLength, 4),
    uint(ID.EBMLMaxSizeLength, 8),
    string(ID.DocType, nul ? `${docType}\0` : docType),
    uint(ID.DocTypeVersion, docTypeVersion),
    uint(ID.DocTypeReadVersion, 2),
  )
}

/** The Segment's head as the service writes it: unknown size, twelve bytes. */
export function segmentHead(sizeWidth = 8): Buffer {
  return Buffer.concat([encodeId(ID.Segment), encodeSize(UNKNOWN_SIZE, sizeWidth)])
}

/** What Segment\Info says. */
export type InfoOptions = {
  /** Nanoseconds in a tick; left out where `null`. */
  readonly timestampScale?: number | null
  readonly durationTicks?: number
  readonly title?: string
  readonly muxingApp?: string
  readonly writingApp?: string
}

/** A Segment\Info. */
export function info(options: InfoOptions = {}): Buffer {
  const {
    timestampScale = 1_000_000,
    durationTicks,
    title,
    muxingApp = 'specs',
    writingApp = 'specs',
  } = options
  return master(
    ID.Info,
    ...(timestampScale === null ? [] : [uint(ID.TimestampScale, timestampScale)]),
    ...(durationTicks === undefined ? [] : [float(ID.Duration, durationTicks)]),
    ...(title === undefined ? [] : [string(ID.Title, title)]),
    string(ID.MuxingApp, muxingApp),
    string(ID.WritingApp, writingApp),
  )
}

/** A track; all is optional. */
export type TrackOptions = {
  /** @default its place in the list, from 1 */
  readonly number?: number
  /** @default its number */
  readonly uid?: number | bigint
  /** @default 'video' */
  readonly type?: 'video' | 'audio' | 'subtitle' | 'metadata' | number
  /** @default V_MPEG4/ISO/AVC for video, A_AAC for audio, S_TEXT/UTF8 for subtitles */
  readonly codecId?: string
  readonly name?: string
  readonly language?: string
  readonly codecPrivate?: Data
  readonly defaultDurationNs?: number
  /** `more`: other elements of Video, as bytes. */
  readonly video?: { readonly width: number; readonly height: number; readonly more?: readonly Uint8Array[] }
  readonly audio?: {
    readonly samplingFrequencyHz: number
    readonly channels: number
    readonly bitDepth?: number
    readonly outputSamplingFrequencyHz?: number
  }
  /** Bytes that are taken off each frame's start and put back by a reader (ContentCompAlgo 3). */
  readonly headerStripping?: Data
  /** Frames are compressed by zlib (ContentCompAlgo 0); the spec compresses them. */
  readonly zlib?: boolean
  /** The texts end in NUL. */
  readonly nul?: boolean
}

const TRACK_TYPES = { video: 1, audio: 2, subtitle: 17, metadata: 33 } as const
const CODEC_IDS: Readonly<Record<string, string>> = {
  video: 'V_MPEG4/ISO/AVC',
  audio: 'A_AAC',
  subtitle: 'S_TEXT/UTF8',
}

/** A Segment\Tracks: one video track unless told otherwise. */
export function tracks(entries: readonly TrackOptions[] = [{}]): Buffer {
  return master(ID.Tracks, ...entries.map((entry, index) => trackEntry({ number: index + 1, ...entry })))
}

function trackEntry(track: TrackOptions & { readonly number: number }): Buffer {
  const { type = 'video', number, uid = number, nul = false } = track
  const end = nul ? '\0' : ''
  return master(
    ID.TrackEntry,
    uint(ID.TrackNumber, number),
    uint(ID.TrackUID, uid),
    uint(ID.TrackType, typeof type === 'number' ? type : TRACK_TYPES[type]),
    ...(track.name === undefined ? [] : [string(ID.Name, track.name + end)]),
    ...(track.language === undefined ? [] : [string(ID.Language, track.language + end)]),
    string(ID.CodecID, (track.codecId ?? CODEC_IDS[type] ?? 'D_WEBVTT/METADATA') + end),
    ...(track.codecPrivate === undefined ? [] : [binary(ID.CodecPrivate, bytesOf(track.codecPrivate))]),
    ...(track.defaultDurationNs === undefined ? [] : [uint(ID.DefaultDuration, track.defaultDurationNs)]),
    ...mediaSettings(track),
    ...compression(track),
  )
}

function mediaSettings({ video, audio }: TrackOptions): Buffer[] {
  const settings: Buffer[] = []
  if (video !== undefined) {
    const size = [uint(ID.PixelWidth, video.width), uint(ID.PixelHeight, video.height)]
    settings.push(master(ID.Video, ...size, ...(video.more ?? [])))
  }
  if (audio !== undefined) {
    const bitDepth = audio.bitDepth === undefined ? [] : [uint(ID.BitDepth, audio.bitDepth)]
    const frequency = float(ID.SamplingFrequency, audio.samplingFrequencyHz)
    const outputHz = audio.outputSamplingFrequencyHz
    const output = outputHz === undefined ? [] : [float(ID.OutputSamplingFrequency, outputHz)]
    settings.push(master(ID.Audio, frequency, ...output, uint(ID.Channels, audio.channels), ...bitDepth))
  }
  return settings
}

function compression({ headerStripping, zlib = false }: TrackOptions): Buffer[] {
  if (headerStripping === undefined && !zlib) return []
  const settings = zlib
    ? [uint(ID.ContentCompAlgo, 0)]
    : [uint(ID.ContentCompAlgo, 3), binary(ID.ContentCompSettings, bytesOf(headerStripping ?? ''))]
  const encoding = master(ID.ContentEncoding, master(ID.ContentCompression, ...settings))
  return [master(ID.ContentEncodings, encoding)]
}

/** A tag's value: text, bytes for a TagBinary, or tags nested below it. */
export type TagInput = Data | { readonly [name: string]: TagInput }

/** How tags are written. */
export type TagsOptions = {
  /** Width of each size field: 8 for the PIC producer, 4 for the service. @default the fewest */
  readonly sizeWidth?: number
  /** Names and texts end in NUL. */
  readonly nul?: boolean
  /** Speaks of these tracks. */
  readonly trackUids?: readonly (number | bigint)[]
}

/** One Tags with one Tag. Pairs may repeat a name. */
export function tags(
  values: Readonly<Record<string, TagInput>> | readonly (readonly [string, TagInput])[],
  options: TagsOptions = {},
): Buffer {
  const pairs = Array.isArray(values) ? values : Object.entries(values)
  const size = sizeOf(options)
  const targets = options.trackUids?.map(uid => uint(ID.TagTrackUID, uid))
  const content = pairs.map(([name, value]) => simpleTag(name, value, options))
  if (targets !== undefined) content.unshift(master(ID.Targets, ...targets))
  return element(ID.Tags, element(ID.Tag, Buffer.concat(content), size), size)
}

function simpleTag(name: string, value: TagInput, options: TagsOptions): Buffer {
  const size = sizeOf(options)
  const end = options.nul ? '\0' : ''
  const children = [string(ID.TagName, name + end, size)]
  if (typeof value === 'string') children.push(string(ID.TagString, value + end, size))
  else if (value instanceof Uint8Array) children.push(binary(ID.TagBinary, value, size))
  else children.push(...Object.entries(value).map(([child, inner]) => simpleTag(child, inner, options)))
  return element(ID.SimpleTag, Buffer.concat(children), size)
}

function sizeOf({ sizeWidth }: TagsOptions): ElementOptions {
  return sizeWidth === undefined ? {} : { sizeWidth }
}

/** What a BlockGroup holds beside its Block. */
export type GroupOptions = {
  readonly durationTicks?: number
  readonly references?: readonly number[]
  readonly discardPaddingNs?: number
  /** BlockMore elements; without a BlockAddID where `id` is left out. */
  readonly additions?: readonly { readonly id?: number; readonly data: Data }[]
}

/** A block and how it is written. */
export type FrameOptions = {
  /** @default 1 */
  readonly track?: number
  /** Ticks from the cluster's timestamp. @default 0 */
  readonly at?: number
  readonly keyframe?: boolean
  readonly invisible?: boolean
  readonly discardable?: boolean
  /** One frame, or several for a lace. @default 'frame' */
  readonly data?: Data | readonly Data[]
  /** @default 'none' */
  readonly lacing?: Lacing
  /** In a BlockGroup, with what else it holds. */
  readonly group?: GroupOptions
  /** Width of the block's size field. @default the fewest; 8 for the PIC producer */
  readonly sizeWidth?: number
}

/** A SimpleBlock, or a BlockGroup where `group` is given. */
export function frame(options: FrameOptions = {}): Buffer {
  const { track = 1, at = 0, data = 'frame', sizeWidth, group, ...flags } = options
  const frames = (Array.isArray(data) ? data : [data]).map(bytesOf)
  const content: BlockContent = { track, relativeTimestamp: at, frames, ...flags }
  const size = sizeWidth === undefined ? {} : { sizeWidth }
  if (group === undefined) return simpleBlock(content, size)
  const { durationTicks, references = [], discardPaddingNs, additions } = group
  return master(
    ID.BlockGroup,
    block(content, size),
    ...(durationTicks === undefined ? [] : [uint(ID.BlockDuration, durationTicks)]),
    ...references.map(reference => element(ID.ReferenceBlock, signed16(reference))),
    ...(discardPaddingNs === undefined ? [] : [int(ID.DiscardPadding, discardPaddingNs)]),
    ...(additions === undefined ? [] : [master(ID.BlockAdditions, ...additions.map(blockMore))]),
  )
}

function blockMore({ id, data }: NonNullable<GroupOptions['additions']>[number]): Buffer {
  const idElement = id === undefined ? [] : [uint(ID.BlockAddID, id)]
  return master(ID.BlockMore, ...idElement, binary(ID.BlockAdditional, bytesOf(data)))
}

function signed16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

/** A Cluster and how it is written. */
export type ClusterOptions = {
  /** In ticks. @default 0 */
  readonly timestamp?: number | bigint
  /** Blocks as bytes, or what `frame` takes. */
  readonly blocks?: readonly (Uint8Array | FrameOptions)[]
  /** @default false */
  readonly unknownSize?: boolean
  /** Width of the Cluster's size field. */
  readonly sizeWidth?: number
  /** 8-byte timestamp, a Position, and 8-byte sizes on SimpleBlocks, as the PIC producer writes. */
  readonly producer?: 'pic' | 'plain'
  /** A CRC-32 as the first child; its value is not right. */
  readonly crc?: boolean
  /** Bytes of Void after each block. */
  readonly voidBytes?: number
}

/** A Cluster with its blocks. */
export function cluster(options: ClusterOptions = {}): Buffer {
  const { timestamp = 0, blocks = [], unknownSize = false, sizeWidth, producer = 'plain' } = options
  const isPic = producer === 'pic'
  const padding = options.voidBytes === undefined ? [] : [voidElement(options.voidBytes)]
  const children = [
    ...(options.crc ? [crc32()] : []),
    uint(ID.Timestamp, timestamp, isPic ? { width: 8 } : {}),
    ...(isPic ? [uint(ID.Position, 0)] : []),
    ...blocks.flatMap(item => [
      item instanceof Uint8Array ? item : frame(isPic ? { sizeWidth: 8, ...item } : item),
      ...padding,
    ]),
  ]
  return element(ID.Cluster, Buffer.concat(children), {
    unknownSize: unknownSize || isPic,
    ...(sizeWidth === undefined ? {} : { sizeWidth }),
  })
}

/** A Void whose payload has so many bytes. */
export function voidElement(payloadBytes: number): Buffer {
  return element(ID.Void, Buffer.alloc(payloadBytes))
}

/** A CRC-32 with a value of no meaning; readers skip it. */
export function crc32(): Buffer {
  return binary(ID['CRC-32'], Buffer.from('0badc0de', 'hex'))
}

/** A plain MKV document: a header, and a Segment of unknown size with what is given. */
export function document(...children: readonly Uint8Array[]): Buffer {
  return Buffer.concat([ebmlHeader(), segmentHead(), ...children])
}

/** A chunk; all is optional. */
export type FragmentOptions = {
  /** Digits. A tag is left out where its value is `null`. */
  readonly number?: string | null
  /** Text of the tag, epoch seconds. @default '1700000000.000' */
  readonly serverTimestamp?: string | null
  /** @default '1700000000.000' */
  readonly producerTimestamp?: string | null
  /** @default one video track */
  readonly tracks?: readonly TrackOptions[]
  readonly info?: InfoOptions
  /** The cluster's timestamp in ticks. @default 0 */
  readonly timestamp?: number | bigint
  readonly frames?: readonly FrameOptions[]
  /** The producer's tags in the header, repeated in each chunk. */
  readonly headerTags?: Readonly<Record<string, TagInput>>
  /** The producer's tags after the cluster, each in a Tags of its own. */
  readonly tags?: Readonly<Record<string, TagInput>> | readonly (readonly [string, TagInput])[]
  /** CONTINUATION_TOKEN. @default the fragment's number */
  readonly token?: string | null
  /** MILLIS_BEHIND_NOW. @default 0 */
  readonly behind?: number | null
  /** @default 'plain' */
  readonly producer?: 'pic' | 'plain'
  readonly unknownClusterSize?: boolean
  /** No Cluster at all. */
  readonly withoutCluster?: boolean
  /** Bytes of Void between all parts. */
  readonly voidBytes?: number
  readonly crc?: boolean
  /** Texts of the producer end in NUL. */
  readonly nul?: boolean
}

/** One whole chunk of GetMedia. */
export function fragment(options: FragmentOptions = {}): Buffer {
  const { voidBytes, nul = false, producer = 'plain', number = '1', behind = 0 } = options
  const sent = '1700000000.000'
  const parts = [
    tracksAndInfo(options),
    awsTags([
      ['FRAGMENT_NUMBER', number],
      ['SERVER_TIMESTAMP', options.serverTimestamp === undefined ? sent : options.serverTimestamp],
      ['PRODUCER_TIMESTAMP', options.producerTimestamp === undefined ? sent : options.producerTimestamp],
    ]),
    ...(options.withoutCluster ? [] : [clusterOf(options)]),
    ...pairsOf(options.tags ?? {}).map(pair =>
      tags([pair], { nul, ...(producer === 'pic' ? { sizeWidth: 8 } : {}) }),
    ),
    awsTags([
      ['MILLIS_BEHIND_NOW', behind === null ? null : String(behind)],
      ['CONTINUATION_TOKEN', options.token === undefined ? number : options.token],
    ]),
  ]
  const padded = voidBytes === undefined ? parts : parts.flatMap(part => [part, voidElement(voidBytes)])
  return Buffer.concat([ebmlHeader({ nul }), segmentHead(), ...padded])
}

function tracksAndInfo(options: FragmentOptions): Buffer {
  const nul = options.nul ?? false
  const entries = (options.tracks ?? [{}]).map(track => ({ nul, ...track }))
  const leading = options.headerTags === undefined ? [] : [tags(options.headerTags, { nul })]
  return Buffer.concat([info(options.info), tracks(entries), ...leading])
}

function clusterOf(options: FragmentOptions): Buffer {
  const { timestamp = 0, frames = [{ keyframe: true }], producer = 'plain', unknownClusterSize } = options
  return cluster({
    timestamp,
    blocks: frames,
    producer,
    unknownSize: unknownClusterSize ?? false,
    crc: options.crc ?? false,
    ...(options.voidBytes === undefined ? {} : { voidBytes: options.voidBytes }),
  })
}

/** The service's tags, their names without the prefix; none of them gives nothing. */
export function awsTags(values: readonly (readonly [string, string | null])[]): Buffer {
  const given = values.flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[`AWS_KINESISVIDEO_${name}`, value]],
  )
  return given.length === 0 ? Buffer.alloc(0) : tags(given, { sizeWidth: 4 })
}

/** What an error chunk says. */
export type ErrorChunkOptions = {
  readonly id: number | string
  readonly code?: string | null
  readonly fragmentNumber?: string
  /** The names that the documentation of archived media uses, `EXCEPTION_ERROR_CODE` and `EXCEPTION_MESSAGE`. */
  readonly spelling?: 'get-media' | 'archived-media'
}

/** A chunk that tells of an error and holds no Cluster. */
export function errorChunk(options: ErrorChunkOptions): Buffer {
  const { id, code = 'INTERNAL_ERROR', fragmentNumber = null, spelling = 'get-media' } = options
  const [codeName, idName] =
    spelling === 'get-media' ? ['ERROR_CODE', 'ERROR_ID'] : ['EXCEPTION_MESSAGE', 'EXCEPTION_ERROR_CODE']
  return document(
    awsTags([
      [codeName!, code],
      [idName!, String(id)],
      ['FRAGMENT_NUMBER', fragmentNumber],
    ]),
  )
}

/** Chunks back to back, as a GetMedia body has them. */
export function payload(...chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat(chunks)
}

function pairsOf(
  values: Readonly<Record<string, TagInput>> | readonly (readonly [string, TagInput])[],
): readonly (readonly [string, TagInput])[] {
  return Array.isArray(values) ? values : Object.entries(values)
}

function bytesOf(data: Data): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data
}
