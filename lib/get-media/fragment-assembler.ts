import { MkvSyntaxError } from '../core/errors.ts'
import type {
  BlockAddition,
  ClusterEvent,
  DocumentEndEvent,
  MkvEvent,
  MkvFrame,
  MkvWarning,
  TagsEvent,
  TruncatedEvent,
} from '../matroska/reader/events.ts'
import type { SimpleTag } from '../matroska/reader/tags.ts'
import type { Track } from '../matroska/reader/tracks.ts'
import { wrongMkvEvent } from '../streams/check-input.ts'
import { ConflictFinder } from './codec-conflicts.ts'
import type { FragmentEnd, FragmentEvent, FragmentFrame, TagRecord } from './events.ts'
import { PayloadError } from './payload-error.ts'
import { ProducerEvents } from './producer-event.ts'
import { parseTimestamp, ServiceTags } from './service-tags.ts'
import { UserTags } from './user-tags.ts'

export type FragmentAssemblerOptions = {
  /** Whether a fragment ends at its token tag, or with its document. */
  readonly fragmentEnd: 'token' | 'document'
  /** Whether an error tag is thrown, or told in the `fragment-end`. */
  readonly errorTags: 'raise' | 'report'
}

/**
 * Makes fragments of what a Matroska reader tells: the work of `TagExtractor`, without the stream.
 * `push` an event, which gives the first one that comes of it, then call `next` until it gives `undefined`.
 * Holds nothing back but the tags of one document.
 */
export class FragmentAssembler {
  readonly #options: FragmentAssemblerOptions
  readonly #conflicts = new ConflictFinder()
  #document = new DocumentState()
  /** What `next` is still to give. */
  readonly #ready: FragmentEvent[] = []

  constructor(options: FragmentAssemblerOptions) {
    this.#options = options
  }

  /** Nothing is left to say: the reader's `document-end` or `truncated` came before. */
  end(): void {}

  next(): FragmentEvent | undefined {
    return this.#ready.length === 0 ? undefined : this.#ready.shift()
  }

  #give(event: FragmentEvent): void {
    this.#ready.push(event)
  }

  /** Throws `PayloadError` for an error tag; what came before it is still to be had from `next`. */
  push(event: MkvEvent): FragmentEvent | undefined {
    // A frame is one for one, and does not go through the queue.
    if (event?.type === 'frame') return this.#frame(event)
    this.#take(event)
    return this.next()
  }

  #take(event: Exclude<MkvEvent, MkvFrame>): void {
    const wrong = wrongMkvEvent('TagExtractor', event)
    if (wrong !== undefined) throw wrong
    switch (event.type) {
      case 'document-start':
        this.#startDocument()
        break
      case 'tracks':
        this.#document.tracks = event.tracks
        break
      case 'tags':
        this.#tags(event)
        break
      case 'cluster':
        this.#cluster(event)
        break
      case 'cluster-end':
        this.#document.skippedBlocks += event.skippedBlocks ?? 0
        break
      case 'document-end':
        this.#document.skippedBlocks = event.skippedBlocks ?? 0
        this.#documentEnd(event.reason)
        break
      case 'warning':
        this.#warning(event)
        break
      case 'truncated':
        this.#truncated(event)
        break
    }
  }

  /** What was said before the header was whole is said of this document. */
  #startDocument(): void {
    const { warnings } = this.#document
    this.#document = new DocumentState()
    this.#document.warnings = warnings
  }

  /** One that comes before its fragment is known waits for the start of that. */
  #warning(warning: MkvWarning): void {
    const { started, warnings, service } = this.#document
    if (started) this.#give({ ...warning, fragmentNumber: service.fragmentNumber })
    else warnings.push(warning)
  }

  #giveWarnings(): void {
    const { warnings, service } = this.#document
    for (const warning of warnings) this.#give({ ...warning, fragmentNumber: service.fragmentNumber })
    this.#document.warnings = []
  }

  #truncated({ byteOffset, elementPath }: TruncatedEvent): void {
    const { fragmentNumber } = this.#document.service
    this.#giveWarnings()
    this.#give({ type: 'truncated', fragmentNumber, byteOffset, elementPath })
  }

  #tags(event: TagsEvent): void {
    const document = this.#document
    const late = document.ended ? new UserTags() : undefined
    const { service, events } = document
    const into = { service, tags: late ?? document.tags, events }
    let isOfService = false
    into.events.beginElement()
    for (const tag of event.tags) {
      if (takeTags(tag.simpleTags, into)) isOfService = true
    }
    if (isOfService && this.#options.errorTags === 'raise' && document.service.errorId !== null)
      throw document.payloadError()
    if (late !== undefined) this.#lateTags(late.record)
    else if (this.#isWholeAtToken()) this.#end('token')
  }

  /** A token before the first cluster says nothing of the frames to come. */
  #isWholeAtToken(): boolean {
    const { started, service } = this.#document
    return this.#options.fragmentEnd === 'token' && started && service.continuationToken !== null
  }

  #lateTags(tags: TagRecord): void {
    if (Object.keys(tags).length === 0) return
    this.#give({ type: 'late-tags', fragmentNumber: this.#document.service.fragmentNumber, tags })
  }

  #cluster({ timestampMs, byteOffset }: ClusterEvent): void {
    if (this.#document.ended) {
      throw new MkvSyntaxError(
        'a cluster behind the continuation token of its fragment',
        byteOffset,
        'Segment/Cluster',
      )
    }
    if (!this.#document.started) this.#start(timestampMs)
  }

  #start(timestampMs: number): void {
    const document = this.#document
    const { service, tracks } = document
    document.started = true
    document.fragmentNumber = service.fragmentNumber
    const producerTimestamp = parseTimestamp(service.producerTimestampText)
    const serverTimestamp = parseTimestamp(service.serverTimestampText)
    document.wallClockOffsetMs = wallClockOffset(producerTimestamp, serverTimestamp, timestampMs)
    this.#give({
      type: 'fragment-start',
      fragmentNumber: document.fragmentNumber,
      producerTimestamp,
      serverTimestamp,
      producerTimestampText: service.producerTimestampText,
      serverTimestampText: service.serverTimestampText,
      tracks,
      tags: document.tags.record,
      codecConflicts: this.#conflicts.find(tracks, document.tags.mimeType),
    })
    if (document.warnings.length > 0) this.#giveWarnings()
  }

  #frame(frame: MkvFrame): FragmentFrame {
    const document = this.#document
    document.frames++
    document.bytes += frame.data.length
    return new Frame(frame, document.fragmentNumber, document.wallClockOffsetMs)
  }

  #documentEnd(reason: DocumentEndEvent['reason']): void {
    const { service, ended, started } = this.#document
    const hasError = service.errorId !== null || service.errorCode !== null
    if (this.#options.errorTags === 'raise' && hasError) throw this.#document.payloadError()
    if (!ended) {
      if (!started) this.#start(0)
      this.#end(reason)
    }
    // A header that is broken off after this is none of this document's.
    this.#document = new DocumentState()
  }

  #end(endedBy: FragmentEnd['endedBy']): void {
    const document = this.#document
    const { service, tags, events, frames, bytes, skippedBlocks } = document
    document.ended = true
    this.#give({
      type: 'fragment-end',
      fragmentNumber: service.fragmentNumber,
      continuationToken: service.continuationToken,
      millisBehindNow: service.millisBehindNow,
      errorId: service.errorId,
      errorCode: service.errorCode,
      frames,
      bytes,
      ...(skippedBlocks > 0 ? { skippedBlocks } : {}),
      tags: tags.record,
      events: events.all,
      codecConflicts: this.#conflicts.find(document.tracks, tags.mimeType),
      endedBy,
    })
  }
}

/** Puts each tag, nested ones too, where it belongs; true where one is the service's. */
function takeTags(simpleTags: readonly SimpleTag[], into: TagCollections): boolean {
  let isOfService = false
  for (const tag of simpleTags) {
    const { name, value, children } = tag
    if (ServiceTags.owns(name)) {
      into.service.set(name, value)
      isOfService = true
    } else {
      into.tags.set(name, value)
      into.events.add(tag)
    }
    if (children.length > 0 && takeTags(children, into)) isOfService = true
  }
  return isOfService
}

type TagCollections = {
  readonly service: ServiceTags
  readonly tags: UserTags
  readonly events: ProducerEvents
}

/** What is known of the document under way. */
class DocumentState {
  readonly service = new ServiceTags()
  readonly tags = new UserTags()
  readonly events = new ProducerEvents()
  tracks: readonly Track[] = []
  fragmentNumber: string | null = null
  /** What to add to a timestamp of the segment's clock to get epoch milliseconds. */
  wallClockOffsetMs: number | null = null
  frames = 0
  bytes = 0
  skippedBlocks = 0
  /** Those that came before the start. */
  warnings: MkvWarning[] = []
  started = false
  ended = false

  payloadError(): PayloadError {
    const { errorId, errorCode, fragmentNumber } = this.service
    return new PayloadError(errorId, errorCode, fragmentNumber)
  }
}

/** A frame's wall-clock time is made when it is asked for: most readers of a fast stream never do. */
class Frame implements FragmentFrame {
  readonly type = 'frame'
  readonly fragmentNumber: string | null
  readonly track: number
  readonly timestampMs: number
  readonly keyframe: boolean
  readonly invisible: boolean
  readonly discardable: boolean
  readonly durationMs: number | undefined
  readonly laceIndex: number
  readonly data: Uint8Array
  declare readonly discardPaddingNs?: number
  declare readonly blockAdditions?: readonly BlockAddition[]
  readonly #wallClockOffsetMs: number | null

  constructor(frame: MkvFrame, fragmentNumber: string | null, wallClockOffsetMs: number | null) {
    this.fragmentNumber = fragmentNumber
    this.track = frame.track
    this.timestampMs = frame.timestampMs
    this.keyframe = frame.keyframe
    this.invisible = frame.invisible
    this.discardable = frame.discardable
    this.durationMs = frame.durationMs
    this.laceIndex = frame.laceIndex
    this.data = frame.data
    if (frame.discardPaddingNs !== undefined) this.discardPaddingNs = frame.discardPaddingNs
    if (frame.blockAdditions !== undefined) this.blockAdditions = frame.blockAdditions
    this.#wallClockOffsetMs = wallClockOffsetMs
  }

  get wallClock(): Date | null {
    if (this.#wallClockOffsetMs === null) return null
    return new Date(this.#wallClockOffsetMs + this.timestampMs)
  }
}

/** Before 2001-09-09 in epoch terms: a producer that counts from its own start, not a wall clock. */
const EARLIEST_WALL_CLOCK_MS = 1e12

function wallClockOffset(producer: Date | null, server: Date | null, timestampMs: number): number | null {
  const isWallClock = producer !== null && producer.getTime() >= EARLIEST_WALL_CLOCK_MS
  const base = isWallClock ? producer : (server ?? producer)
  return base === null ? null : base.getTime() - timestampMs
}
