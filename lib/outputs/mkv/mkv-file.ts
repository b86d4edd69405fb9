import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import { encodeSize, uint } from '../../mkv/writer.ts'
import { AtomicFile } from '../atomic-file.ts'
import { durationElement, ebmlHeader, infoElement, openHead, tracksElement } from './document-head.ts'
import { type CuePoint, cuesElement, SEEK_HEAD_BYTES, seekHead } from './segment-index.ts'
import type { BlockStep, SegmentStep } from './segment-muxer.ts'

/** Bytes of blocks that are gathered before they are written. */
const BATCH_BYTES = 256 * 1024
/** An open head is an id of four octets, and a size of eight. */
const SIZE_AT = 4
const OPEN_HEAD_BYTES = 12

/** The segment under way, by positions in the file. */
type OpenSegment = {
  readonly at: number
  readonly contentAt: number
  readonly durationAt: number
  /** What a SeekHead points to, counted from `contentAt`. */
  readonly parts: Map<number, number>
  readonly cues: CuePoint[]
  startMs: number | undefined
  endMs: number
  /** As `endMs`, of what is in the file. */
  writtenEndMs: number
  clusterAt: number | undefined
}

/**
 * One Matroska file that is written from front to back and can be played at any moment: sizes are unknown at first, and
 * each cluster's is filled in when the next begins. `finish` adds cues, SeekHead, durations and sizes.
 */
export class MkvFile {
  readonly #file: AtomicFile
  #segment: OpenSegment | undefined
  #pieces: Uint8Array[] = []
  #pieceBytes = 0
  /** Where the pieces go, which is the end of what is known to be written. */
  #writtenBytes = 0

  private constructor(file: AtomicFile) {
    this.#file = file
  }

  static async open(path: string): Promise<MkvFile> {
    return new MkvFile(await AtomicFile.open(path))
  }

  get path(): string {
    return this.#file.path
  }

  /** Bytes so far, with those that wait to be written. */
  get bytes(): number {
    return this.#writtenBytes + this.#pieceBytes
  }

  async beginSegment({ tracks, startedAt }: SegmentStep): Promise<void> {
    const info = infoElement(startedAt)
    const tracksBytes = tracksElement(tracks)
    if (this.#segment !== undefined) await this.#finishSegment(this.#segment)
    this.#add(ebmlHeader())
    const at = this.bytes
    const contentAt = at + OPEN_HEAD_BYTES
    const infoAt = SEEK_HEAD_BYTES
    const parts = new Map([
      [ID.Info, infoAt],
      [ID.Tracks, infoAt + info.bytes.length],
    ])
    this.#add(openHead(ID.Segment), seekHead(parts), info.bytes, tracksBytes)
    this.#segment = {
      ...{ at, contentAt, parts, durationAt: contentAt + infoAt + info.durationAt },
      ...{ cues: [], startMs: undefined, endMs: 0, writtenEndMs: 0, clusterAt: undefined },
    }
  }

  async beginCluster(timeMs: number): Promise<void> {
    const segment = this.#segment!
    await this.#closeCluster(segment)
    segment.clusterAt = this.bytes
    segment.startMs ??= timeMs
    this.#add(openHead(ID.Cluster), uint(ID.Timestamp, timeMs))
  }

  async addBlock({ pieces, timeMs, endMs, track, isSeekPoint }: BlockStep): Promise<void> {
    const segment = this.#segment!
    const clusterAt = segment.clusterAt! - segment.contentAt
    if (isSeekPoint) segment.cues.push({ timeMs: Math.max(0, timeMs), track, clusterAt })
    segment.endMs = Math.max(segment.endMs, endMs)
    this.#add(...pieces)
    if (this.#pieceBytes >= BATCH_BYTES) await this.#flush()
  }

  /** The file gets what players look for, and its name. Where the disk is full, it gets its name
   * without cues. */
  async finish(): Promise<void> {
    try {
      if (this.#segment !== undefined) await this.#finishSegment(this.#segment)
      await this.#flush()
    } catch (error) {
      await this.#keepWhatIsWritten().catch(() => {})
      await this.#file.commit()
      throw error
    }
    await this.#file.commit()
  }

  discard(): Promise<void> {
    return this.#file.discard()
  }

  /** What was written in part is taken off. The rest plays, and bytes that are there can be changed on a full disk, too. */
  async #keepWhatIsWritten(): Promise<void> {
    this.#pieces = []
    this.#pieceBytes = 0
    await this.#file.handle.truncate(this.#writtenBytes)
    const segment = this.#segment
    if (segment === undefined || segment.startMs === undefined) return
    const durationMs = Math.max(0, segment.writtenEndMs - segment.startMs)
    await this.#patch(segment.durationAt, durationElement(Math.round(durationMs)))
    const clusterAt = segment.clusterAt ?? this.#writtenBytes
    if (this.#writtenBytes >= clusterAt + OPEN_HEAD_BYTES) await this.#closeCluster(segment)
  }

  async #finishSegment(segment: OpenSegment): Promise<void> {
    await this.#writeDuration(segment)
    await this.#closeCluster(segment)
    segment.parts.set(ID.Cues, this.bytes - segment.contentAt)
    if (segment.cues.length > 0) this.#add(cuesElement(segment.cues))
    else segment.parts.delete(ID.Cues)
    await this.#flush()
    await this.#patch(segment.contentAt, seekHead(segment.parts))
    await this.#patch(segment.at + SIZE_AT, encodeSize(this.#writtenBytes - segment.contentAt, 8))
  }

  async #writeDuration(segment: OpenSegment): Promise<void> {
    await this.#flush()
    const durationMs = segment.endMs - (segment.startMs ?? 0)
    await this.#patch(segment.durationAt, durationElement(Math.round(durationMs)))
  }

  async #closeCluster(segment: OpenSegment): Promise<void> {
    if (segment.clusterAt === undefined) return
    await this.#flush()
    const bytes = this.#writtenBytes - segment.clusterAt - OPEN_HEAD_BYTES
    await this.#patch(segment.clusterAt + SIZE_AT, encodeSize(bytes, 8))
    segment.clusterAt = undefined
  }

  #add(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#pieceBytes += piece.length
    }
  }

  async #flush(): Promise<void> {
    if (this.#pieces.length === 0) return
    // Not taken off before they are written: after a failure they are what is missing.
    await this.#file.writeAll(this.#pieces, this.#writtenBytes)
    this.#writtenBytes += this.#pieceBytes
    if (this.#segment !== undefined) this.#segment.writtenEndMs = this.#segment.endMs
    this.#pieces = []
    this.#pieceBytes = 0
  }

  #patch(at: number, bytes: Uint8Array): Promise<void> {
    return this.#file.writeAll([bytes], at)
  }
}
