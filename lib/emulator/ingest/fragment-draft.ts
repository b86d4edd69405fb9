import type { SegmentClock } from '../../matroska/reader/segment-clock.ts'
import { PutMediaError } from './error-codes.ts'
import type { FragmentLimits, FragmentOrder } from './ingest-settings.ts'
import type { ProducerTags } from './producer-tags.ts'

/**
 * A fragment while its frames come in: what its blocks and tags say, checked as each comes. Times of frames are in ticks
 * from the Cluster's timestamp, which itself may not fit a number.
 */
export class FragmentDraft {
  timestampTicks = 0n
  /** Whether the Cluster's timestamp is known, and the fragment was told of. */
  isAnnounced = false
  cluster: Uint8Array | undefined
  #tags = 0
  #earliestTicks = Number.POSITIVE_INFINITY
  #latestTicks = Number.NEGATIVE_INFINITY
  /** Where the last frame ends, as far as the frames' distances tell. */
  #endTicks = 0
  /** The latest time of the fragment before. */
  #floorTicks = Number.NEGATIVE_INFINITY
  readonly #lastTicks = new Map<number, number>()
  readonly #session: DraftSession

  constructor(session: DraftSession) {
    this.#session = session
  }

  /** What the next fragment must be later than. */
  get latestTicks(): bigint {
    const { order } = this.#session
    return order === 'timecodes' ? this.timestampTicks : this.timestampTicks + BigInt(this.#latestTicks)
  }

  get timestampMs(): number {
    return this.#session.clock.toMs(this.timestampTicks)
  }

  get durationMs(): number {
    return Math.max(1, this.#session.clock.toMs(this.#endTicks))
  }

  /** Elements between the end-of-fragment tag of the fragment before and this one's Cluster. */
  get leading(): readonly Uint8Array[] {
    return this.#session.leading
  }

  /** Sets the Cluster's timestamp. @throws PutMediaError */
  begin(timestampTicks: bigint): void {
    const { latestTicks, order } = this.#session
    this.timestampTicks = timestampTicks
    this.isAnnounced = true
    if (latestTicks !== undefined) this.#floorTicks = Number(latestTicks - timestampTicks)
    if (order === 'timecodes') this.#checkLater(0)
  }

  /** Notes a block. @throws PutMediaError */
  addBlock(track: number, ticks: number): void {
    const { tracks, limits, clock, order } = this.#session
    if (!tracks.has(track)) {
      throw new PutMediaError('TRACK_NUMBER_MISMATCH', `a frame of track ${track}, which is not declared`)
    }
    if (order === 'frames') this.#checkLater(ticks)
    const before = this.#lastTicks.get(track)
    this.#lastTicks.set(track, ticks)
    this.#earliestTicks = Math.min(this.#earliestTicks, ticks)
    this.#latestTicks = Math.max(this.#latestTicks, ticks)
    const frameTicks = before === undefined ? 0 : Math.max(0, ticks - before)
    this.#endTicks = Math.max(this.#endTicks, ticks + frameTicks)
    const lengthMs = clock.toMs(this.#latestTicks - this.#earliestTicks)
    if (lengthMs > limits.maxDurationMs) {
      throw new PutMediaError('MAX_FRAGMENT_DURATION_REACHED', `a fragment of ${lengthMs} ms`)
    }
  }

  /** Notes one of the producer's Tags elements. @throws PutMediaError */
  addTags(tags: ProducerTags): void {
    const { maxTags } = this.#session.limits
    tags.checkLimits()
    this.#tags += tags.count
    if (this.#tags <= maxTags) return
    throw new PutMediaError('FRAGMENT_METADATA_LIMIT_REACHED', `more than ${maxTags} tags`)
  }

  #checkLater(ticks: number): void {
    if (ticks > this.#floorTicks) return
    const { clock } = this.#session
    const timeMs = clock.toMs(this.timestampTicks, ticks)
    const problem = `a time of ${timeMs} ms, not after ${timeMs + clock.toMs(this.#floorTicks - ticks)} ms`
    throw new PutMediaError('FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS', problem)
  }

  /** The last checks, of a whole fragment. @throws PutMediaError */
  checkWhole(isLast: boolean): void {
    const missing = [...this.#session.tracks].filter(track => !this.#lastTicks.has(track))
    if (missing.length > 0 || this.#lastTicks.size === 0) {
      throw new PutMediaError('FRAMES_MISSING_FOR_TRACK', `no frame of track ${missing.join(', ')}`)
    }
    if (!isLast && this.durationMs < this.#session.limits.minDurationMs) {
      throw new PutMediaError('MIN_FRAGMENT_DURATION_REACHED', `a fragment of ${this.durationMs} ms`)
    }
  }
}

/** What a fragment is checked against. */
export type DraftSession = {
  readonly limits: FragmentLimits
  readonly order: FragmentOrder
  /** Numbers of the declared tracks. */
  readonly tracks: ReadonlySet<number>
  readonly clock: SegmentClock
  /** The latest time of the fragment before: of its frames, or of its Cluster. */
  readonly latestTicks: bigint | undefined
  readonly leading: readonly Uint8Array[]
}
