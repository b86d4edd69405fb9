import type { FragmentLimits, FragmentOrder } from '../ingest-settings.ts'
import { PutMediaError } from './error-codes.ts'

/** A fragment while its frames come in: what its blocks and tags say, checked as each comes. */
export class FragmentDraft {
  timestampTicks = 0
  /** Whether the Cluster's timestamp is known, and the fragment was told of. */
  isAnnounced = false
  cluster: Uint8Array | undefined
  #tags = 0
  #earliestTicks = Number.POSITIVE_INFINITY
  #latestTicks = Number.NEGATIVE_INFINITY
  /** Where the last frame ends, as far as the frames' distances tell. */
  #endTicks = 0
  readonly #lastTicks = new Map<number, number>()
  readonly #session: DraftSession

  constructor(session: DraftSession) {
    this.#session = session
  }

  /** What the next fragment must be later than. */
  get latestTicks(): number {
    return this.#session.order === 'timecodes' ? this.timestampTicks : this.#latestTicks
  }

  get timestampMs(): number {
    return this.timestampTicks * this.#session.msPerTick
  }

  get durationMs(): number {
    return Math.max(1, (this.#endTicks - this.timestampTicks) * this.#session.msPerTick)
  }

  /** Sets the Cluster's timestamp. @throws PutMediaError */
  begin(timestampTicks: number): void {
    this.timestampTicks = timestampTicks
    this.isAnnounced = true
    if (this.#session.order === 'timecodes') this.#checkLater(timestampTicks)
  }

  /** Notes a block. @throws PutMediaError */
  addBlock(track: number, relativeTicks: number): void {
    const { tracks, limits, msPerTick, order } = this.#session
    if (!tracks.has(track)) {
      throw new PutMediaError('TRACK_NUMBER_MISMATCH', `a frame of track ${track}, which is not declared`)
    }
    const ticks = this.timestampTicks + relativeTicks
    if (order === 'frames') this.#checkLater(ticks)
    const before = this.#lastTicks.get(track)
    this.#lastTicks.set(track, ticks)
    this.#earliestTicks = Math.min(this.#earliestTicks, ticks)
    this.#latestTicks = Math.max(this.#latestTicks, ticks)
    const frameTicks = before === undefined ? 0 : Math.max(0, ticks - before)
    this.#endTicks = Math.max(this.#endTicks, ticks + frameTicks)
    const lengthMs = (this.#latestTicks - this.#earliestTicks) * msPerTick
    if (lengthMs > limits.maxDurationMs) {
      throw new PutMediaError('MAX_FRAGMENT_DURATION_REACHED', `a fragment of ${lengthMs} ms`)
    }
  }

  /** Notes one of the producer's tags behind the Cluster. @throws PutMediaError */
  addTag(name: string, value: string): void {
    this.#tags++
    const { maxTags } = this.#session.limits
    const problem =
      this.#tags > maxTags
        ? `more than ${maxTags} tags`
        : Buffer.byteLength(name) > MAX_NAME_BYTES
          ? `a tag's name of ${Buffer.byteLength(name)} bytes`
          : Buffer.byteLength(value) > MAX_VALUE_BYTES
            ? `a tag's value of ${Buffer.byteLength(value)} bytes`
            : undefined
    if (problem !== undefined) throw new PutMediaError('FRAGMENT_METADATA_LIMIT_REACHED', problem)
  }

  #checkLater(ticks: number): void {
    const { latestTicks, msPerTick } = this.#session
    if (ticks > latestTicks) return
    const problem = `a time of ${ticks * msPerTick} ms, not after ${latestTicks * msPerTick} ms`
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
  readonly msPerTick: number
  /** The latest time of the fragment before: of its frames, or of its Cluster. */
  readonly latestTicks: number
}

/** Of a tag's name and value. */
const MAX_NAME_BYTES = 128
const MAX_VALUE_BYTES = 256
