import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { encodeSize, uint } from '../../matroska/writer/writer.ts'
import { AtomicFile } from '../shared/atomic-file.ts'
import type { BeginStep } from '../shared/timeline/frame-placer.ts'
import { durationElement, ebmlHeader, infoElement, openHead, tracksElement } from './document-head.ts'
import { type CuePoint, cuesElement, SEEK_HEAD_BYTES, seekHead } from './segment-index.ts'
import type { BlockStep } from './segment-muxer.ts'

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
  /** The open cluster: its position, and its head, which can be changed in memory until it is written. */
  clusterAt: number | undefined
  clusterHead: Buffer | undefined
}

/** A position after a block, what the file holds up to there, and where the block's cluster begins. */
type Mark = {
  readonly at: number
  readonly frames: number
  readonly endMs: number
  readonly clusterAt: number | undefined
}

/** The first of the pieces, their bytes, and the position and marks that they come to. */
type Batch = { readonly pieces: number; readonly bytes: number; readonly marks: number }

const NOTHING: Batch = { pieces: 0, bytes: 0, marks: 0 }

/** What a file has come to. */
export type MkvFileEnd = {
  readonly frames: number
  readonly durationMs: number
  readonly bytes: number
  /** Why it is not all that was to be in it. */
  readonly failure: Error | undefined
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
  /** The end of each block that is not known to be written. */
  #marks: Mark[] = []
  /** Those of the pieces that belong to closed clusters. */
  #closed: Batch = NOTHING
  /** The last block that is in the file. */
  #written: Mark = { at: 0, frames: 0, endMs: 0, clusterAt: undefined }
  #frames = 0
  /** The end of what is known to be written. */
  #writtenBytes = 0
  /** Where the next pieces go: behind the write in progress. */
  #handedBytes = 0
  /** The write in progress, or the one that failed. */
  #writing: Promise<void> | undefined
  #hasFailed = false

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
    return this.#handedBytes + this.#pieceBytes
  }

  async beginSegment({ tracks, startedAt }: BeginStep): Promise<void> {
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
      ...{ cues: [], startMs: undefined, endMs: 0, clusterAt: undefined, clusterHead: undefined },
    }
  }

  /** A promise only where the file has to be written to first. */
  beginCluster(timeMs: number): Promise<void> | undefined {
    const segment = this.#segment!
    const closed = this.#closeCluster(segment)
    if (closed !== undefined) return closed.then(() => this.#openCluster(segment, timeMs))
    // Not waited for: a killed process leaves the closed clusters, and a fast stream gathers in the meantime.
    this.#closed = this.#all()
    if (this.#writing === undefined) this.#startWrite(this.#closed)
    this.#openCluster(segment, timeMs)
    return this.#hasFailed ? this.#writing : undefined
  }

  #openCluster(segment: OpenSegment, timeMs: number): void {
    segment.clusterAt = this.bytes
    segment.clusterHead = openHead(ID.Cluster)
    segment.startMs ??= timeMs
    this.#add(segment.clusterHead, uint(ID.Timestamp, timeMs))
  }

  /** A promise only where enough has been gathered to be written. */
  addBlock({ pieces, timeMs, endMs, track, isSeekPoint }: BlockStep): Promise<void> | undefined {
    const segment = this.#segment!
    const clusterAt = segment.clusterAt! - segment.contentAt
    if (isSeekPoint) segment.cues.push({ timeMs: Math.max(0, timeMs), track, clusterAt })
    segment.endMs = Math.max(segment.endMs, endMs)
    this.#add(...pieces)
    this.#frames++
    const { clusterAt: clusterStart, endMs: segmentEndMs } = segment
    this.#marks.push({ at: this.bytes, frames: this.#frames, endMs: segmentEndMs, clusterAt: clusterStart })
    return this.#pieceBytes >= BATCH_BYTES ? this.#flush() : undefined
  }

  /**
   * The file gets what players look for, and its name. Where that fails, as on a full disk, it gets its name with the blocks
   * that are in it, and without cues. Without a block there is no file. Rejects where it could not even get its name.
   */
  async finish(): Promise<MkvFileEnd> {
    let failure: Error | undefined
    try {
      if (this.#segment !== undefined) await this.#finishSegment(this.#segment)
      await this.#flush()
    } catch (error) {
      failure = error as Error
      await this.#keepWholeBlocks()
    }
    const { frames, endMs } = this.#written
    if (frames === 0) await this.#file.discard()
    else await this.#file.commit()
    return { frames, durationMs: Math.round(endMs), bytes: this.#writtenBytes, failure }
  }

  /** What was written of a block in part is taken off. The rest plays, and bytes that are there can be changed on a full disk, too. */
  async #keepWholeBlocks(): Promise<void> {
    const { size } = await this.#file.handle.stat()
    this.#written = this.#marks.findLast(({ at }) => at <= size) ?? this.#written
    this.#writtenBytes = this.#written.at
    await this.#file.handle.truncate(this.#writtenBytes)
    const segment = this.#segment
    if (segment !== undefined && this.#writtenBytes > segment.contentAt) await this.#closeWhatIsLeft(segment)
  }

  async #closeWhatIsLeft(segment: OpenSegment): Promise<void> {
    await this.#patchDuration(segment, this.#written.endMs)
    // Not the open cluster: the last block that was written may lie in one before it.
    const { clusterAt } = this.#written
    if (clusterAt === undefined) return
    const bytes = this.#writtenBytes - clusterAt - OPEN_HEAD_BYTES
    if (bytes > 0) await this.#patch(clusterAt + SIZE_AT, encodeSize(bytes, 8))
  }

  async #finishSegment(segment: OpenSegment): Promise<void> {
    await this.#flush()
    await this.#patchDuration(segment, segment.endMs)
    await this.#closeCluster(segment)
    segment.parts.set(ID.Cues, this.bytes - segment.contentAt)
    if (segment.cues.length > 0) this.#add(cuesElement(segment.cues))
    else segment.parts.delete(ID.Cues)
    await this.#flush()
    await this.#patch(segment.contentAt, seekHead(segment.parts))
    await this.#patch(segment.at + SIZE_AT, encodeSize(this.#writtenBytes - segment.contentAt, 8))
  }

  #patchDuration({ startMs = 0, durationAt }: OpenSegment, endMs: number): Promise<void> {
    return this.#patch(durationAt, durationElement(Math.round(Math.max(0, endMs - startMs))))
  }

  /** Fills in the size of the open cluster. A head that is still in memory is changed there, which costs no write. */
  #closeCluster(segment: OpenSegment): Promise<void> | undefined {
    const { clusterAt, clusterHead } = segment
    if (clusterAt === undefined) return undefined
    if (clusterAt < this.#handedBytes) return this.#closeWrittenCluster(segment, clusterAt)
    clusterHead?.set(encodeSize(this.bytes - clusterAt - OPEN_HEAD_BYTES, 8), SIZE_AT)
    segment.clusterAt = undefined
    return undefined
  }

  async #closeWrittenCluster(segment: OpenSegment, clusterAt: number): Promise<void> {
    await this.#flush()
    const bytes = this.#writtenBytes - clusterAt - OPEN_HEAD_BYTES
    await this.#patch(clusterAt + SIZE_AT, encodeSize(bytes, 8))
    segment.clusterAt = undefined
  }

  #add(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#pieceBytes += piece.length
    }
  }

  async #flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#pieces.length > 0) await this.#startWrite(this.#all())
  }

  #all(): Batch {
    return { pieces: this.#pieces.length, bytes: this.#pieceBytes, marks: this.#marks.length }
  }

  /** Hands pieces to the file. After a failure, `#marks` tells which blocks may be missing. */
  #startWrite({ pieces, bytes, marks }: Batch): Promise<void> {
    const batch = this.#pieces.slice(0, pieces)
    const at = this.#handedBytes
    const last = marks === 0 ? this.#written : this.#marks[marks - 1]!
    this.#pieces = this.#pieces.slice(pieces)
    this.#pieceBytes -= bytes
    this.#handedBytes += bytes
    this.#closed = NOTHING
    this.#writing = this.#file.writeAll(batch, at).then(() => {
      this.#writing = undefined
      this.#writtenBytes = at + bytes
      this.#written = last
      this.#marks.splice(0, marks)
      const closed = this.#closed
      if (closed.pieces > 0) this.#startWrite({ ...closed, marks: closed.marks - marks })
    })
    // Whoever waits for it next hears of a failure.
    this.#writing.catch(() => {
      this.#hasFailed = true
    })
    return this.#writing
  }

  #patch(at: number, bytes: Uint8Array): Promise<void> {
    return this.#file.writeAll([bytes], at)
  }
}
