import { ELEMENT_IDS as ID } from '../../mkv/schema/elements.ts'
import { encodeSize, uint } from '../../mkv/writer.ts'
import { AtomicFile } from '../atomic-file.ts'
import type { BeginStep } from '../timeline/frame-placer.ts'
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
  clusterAt: number | undefined
}

/** A place between blocks, and what the file holds up to there. */
type Mark = { readonly at: number; readonly frames: number; readonly endMs: number }

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
  /** The end of each block among the pieces. */
  #marks: Mark[] = []
  /** The last block that is in the file. */
  #written: Mark = { at: 0, frames: 0, endMs: 0 }
  #frames = 0
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
      ...{ cues: [], startMs: undefined, endMs: 0, clusterAt: undefined },
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
    this.#frames++
    this.#marks.push({ at: this.bytes, frames: this.#frames, endMs: segment.endMs })
    if (this.#pieceBytes >= BATCH_BYTES) await this.#flush()
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
    const bytes = this.#writtenBytes - (segment.clusterAt ?? this.#writtenBytes) - OPEN_HEAD_BYTES
    if (bytes > 0) await this.#patch(segment.clusterAt! + SIZE_AT, encodeSize(bytes, 8))
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
    this.#written = this.#marks.at(-1) ?? this.#written
    this.#marks = []
    this.#pieces = []
    this.#pieceBytes = 0
  }

  #patch(at: number, bytes: Uint8Array): Promise<void> {
    return this.#file.writeAll([bytes], at)
  }
}
