/** A block of samples of one speaker. */
export type TimedBlock<T> = {
  /** When its first sample was taken, in milliseconds; `undefined` where it follows the block before, as in a lace. */
  readonly atMs: number | undefined
  /** Samples of each channel. */
  readonly samples: number
  readonly block: T
}

/** Where a block goes. All numbers are samples of each channel. */
export type Placement<T> = {
  readonly block: T
  /** Position of the block's first kept sample, counted from `originMs`. */
  readonly position: number
  /** Samples at the block's start to leave out, so that a producer's slow clock is followed. */
  readonly skipped: number
  /** How often to repeat the sample before `position`, so that a producer's fast clock is followed. */
  readonly repeated: number
}

export type SampleAlignerOptions = {
  readonly sampleRateHz: number
  /** Timestamps less than this from the sample clock count as jitter; 0 puts each block at its timestamp. */
  readonly toleranceMs: number
  /** The moment of position 0, before which no block is expected. */
  readonly originMs: number
}

type Held<T> = TimedBlock<T> & {
  /** Where the timestamp puts it. */
  readonly exact: number | undefined
  /** Samples from the sample clock to there. */
  readonly deviation: number | undefined
}

/** A jump is accepted when at least 4 blocks, of 80 ms together, agree about it. */
const CONFIRMING_BLOCKS = 4
const CONFIRMING_MS = 80
/** Limits of what is held undecided; beyond them the smallest deviation counts. */
const MAX_HELD_BLOCKS = 64
const MAX_HELD_MS = 1000
/** A single block at either end of a stream cannot be confirmed: up to 10 tolerances, its deviation counts as jitter. */
const LONE_TOLERANCES = 10
/** A deviation that changes by less than this share of the tolerance is drift, and by more a jump. */
const JUMP_SHARE = 0.75
/** Deviations that the baseline is the median of. */
const BASELINE_BLOCKS = 15
/** A baseline of more is not rounding, and a jump goes to the timestamps themselves. */
const MAX_BASELINE_MS = 2
const MAX_ROUNDING_MS = 0.6
/** Samples by which a deviation may come out too small, as milliseconds are multiplied by the rate. */
const FLOAT_ERROR = 1e-3
/** One block corrects a 32nd of a drift: of 20 ms, 0.6 ms. */
const SLEW_DIVISOR = 32
/** The remaining drift, as a share of the tolerance, at which its correction ends. */
const CORRECTED_SHARE = 0.25

/**
 * Puts the blocks of one speaker on the sample clock: the position after the last sample, counted in samples. Timestamps
 * only correct it, where a deviation of the tolerance or more stays. Blocks are held while that is undecided.
 *
 * | state | block | next state | action |
 * |---|---|---|---|
 * | no block | any | first | hold |
 * | first | on the clock | steady | place both |
 * | first | the tolerance or more away | undecided | hold |
 * | steady | on the clock, or without a timestamp | steady | place after the last |
 * | steady | the tolerance or more away | undecided | hold |
 * | undecided | on the clock, counting those held | steady | place all after the last: it was jitter |
 * | undecided | the last 4 agree, over 80 ms, close to the deviation before | steady | place all; correct in small steps: drift |
 * | undecided | the last 4 agree, over 80 ms | steady | place those where they say: a gap or an overlap |
 * | undecided | 64 blocks or 1 s are held | steady | place all, moved by their smallest deviation |
 * | any | end | ended | 2 that agree count as 4 do; one alone is jitter up to 10 tolerances, and never an overlap |
 *
 * Example: 8 kHz, blocks of 160 samples, tolerance 20 ms (160 samples). Timestamps 0, 20, 100, 60 ms: the third deviates by
 * 480 samples and is held; the fourth is at 60 ms where the clock has 60 ms with the held one, so all follow each other.
 * Timestamps 0, 20, 100, 120, 140, 160 ms: four agree on 480 samples, so 480 samples stay empty before the third.
 *
 * Pure, synchronous, for one format of samples. Memory: 64 blocks, and at least 4 however long they are.
 */
export class SampleAligner<T> {
  readonly #samplesPerMs: number
  readonly #tolerance: number
  /** The moment of position 0. A late first timestamp moves it, since what was before it in time must go somewhere. */
  #originMs: number
  /** The position after the last sample that was placed; `undefined` before the first block. */
  #clock: number | undefined
  #isFirstHeld = false
  #held: Held<T>[] = []
  #heldSamples = 0
  /** Deviations of the latest blocks that were on the clock. */
  #recent: number[] = []
  /** Samples of drift to be corrected: to be repeated, or to be skipped where negative; 0 where there is no drift. */
  #slew = 0

  constructor({ sampleRateHz, toleranceMs, originMs }: SampleAlignerOptions) {
    this.#samplesPerMs = sampleRateHz / 1000
    this.#tolerance = toleranceMs * this.#samplesPerMs
    this.#originMs = originMs
  }

  /** Accepts the next block; returns the blocks whose positions are known now, in their order. */
  push(timed: TimedBlock<T>): Placement<T>[] {
    const exact = timed.atMs === undefined ? undefined : (timed.atMs - this.#originMs) * this.#samplesPerMs
    if (this.#isSteady) {
      const deviation = exact === undefined ? 0 : exact - this.#clock!
      if (Math.abs(deviation) < this.#tolerance - FLOAT_ERROR) {
        if (exact !== undefined) this.#remember(deviation)
        return [this.#placeNext(timed)]
      }
    }
    if (this.#tolerance === 0 && exact !== undefined) this.#clock = Math.max(0, Math.round(exact))
    this.#isFirstHeld ||= this.#clock === undefined
    this.#clock ??= Math.max(0, Math.round(exact ?? 0))
    const deviation = exact === undefined ? undefined : exact - this.#clock - this.#heldSamples
    this.#held.push({ ...timed, exact, deviation })
    this.#heldSamples += timed.samples
    return this.#tolerance === 0 ? this.#placeAll() : this.#decide(deviation)
  }

  /** Nothing is undecided, and no drift is corrected: as almost always. */
  get #isSteady(): boolean {
    return this.#held.length === 0 && this.#slew === 0 && this.#clock !== undefined && this.#tolerance > 0
  }

  #remember(deviation: number): void {
    this.#recent.push(deviation)
    if (this.#recent.length > BASELINE_BLOCKS) this.#recent.shift()
  }

  #placeNext({ block, samples }: TimedBlock<T>): Placement<T> {
    const position = this.#clock!
    this.#clock = position + samples
    return { block, position, skipped: 0, repeated: 0 }
  }

  /** No more blocks follow: returns those that are still held. */
  end(): Placement<T>[] {
    const run = this.#agreeingRun()
    const [first] = run
    if (first === undefined) return this.#placeAll()
    const isLone = run.length === 1
    const isJitter = first.deviation < 0 || first.deviation <= LONE_TOLERANCES * this.#tolerance
    return isLone && isJitter ? this.#placeAll() : this.#correct(run)
  }

  #decide(deviation: number | undefined): Placement<T>[] {
    if (deviation === undefined) return this.#held.length === 1 && !this.#isFirstHeld ? this.#placeAll() : []
    if (this.#held.length === 1 && this.#isFirstHeld) return []
    if (this.#isOnClock(deviation)) {
      if (this.#slew !== 0) this.#slew = this.#driftOf(deviation)
      return this.#placeAll()
    }
    const run = this.#agreeingRun()
    const runSamples = this.#samplesFrom(run[0]!.index)
    if (run.length >= CONFIRMING_BLOCKS && runSamples >= CONFIRMING_MS * this.#samplesPerMs)
      return this.#correct(run)
    return this.#holdsTooMuch() ? this.#correct(this.#leastDeviating()) : []
  }

  /** A drift is corrected until little of it is left. */
  #driftOf(deviation: number): number {
    return Math.abs(deviation) > CORRECTED_SHARE * this.#tolerance ? Math.round(deviation) : 0
  }

  #isOnClock(deviation: number): boolean {
    if (Math.abs(deviation) < this.#tolerance - FLOAT_ERROR) return true
    // Until a drift is corrected, timestamps are off by about as much as before.
    return this.#slew !== 0 && Math.abs(deviation - this.#slew) <= JUMP_SHARE * this.#tolerance
  }

  #holdsTooMuch(): boolean {
    if (this.#held.length >= MAX_HELD_BLOCKS) return true
    return this.#held.length > CONFIRMING_BLOCKS && this.#heldSamples >= MAX_HELD_MS * this.#samplesPerMs
  }

  /** The blocks beyond the tolerance, by their place among those held. */
  #deviating(): Vote[] {
    return this.#held.flatMap(({ deviation }, index) =>
      deviation === undefined || this.#isOnClock(deviation) ? [] : [{ index, deviation }],
    )
  }

  /** The last of the held blocks that agree with each other. */
  #agreeingRun(): Vote[] {
    const votes = this.#deviating()
    const last = votes.at(-1)
    if (last === undefined) return []
    let least = last.deviation
    let most = last.deviation
    let from = votes.length
    while (from > 0) {
      const { deviation } = votes[from - 1]!
      least = Math.min(least, deviation)
      most = Math.max(most, deviation)
      if (most - least > this.#tolerance) break
      from--
    }
    return votes.slice(from)
  }

  #leastDeviating(): Vote[] {
    const votes = this.#deviating()
    const size = ({ deviation }: Vote) => Math.abs(deviation)
    const least = votes.reduce((best, vote) => (size(vote) < size(best) ? vote : best))
    return [{ index: votes[0]!.index, deviation: least.deviation }]
  }

  #samplesFrom(index: number): number {
    return this.#held.slice(index).reduce((sum, { samples }) => sum + samples, 0)
  }

  /** Follows the timestamps of a run of blocks: at once after a jump, in small steps after a drift. */
  #correct(run: readonly Vote[]): Placement<T>[] {
    const deviation = median(run.map(vote => vote.deviation))
    const baseline = this.#recent.length === 0 ? 0 : median(this.#recent)
    const isDrift = Math.abs(deviation - baseline) <= JUMP_SHARE * this.#tolerance
    if (isDrift && this.#recent.length > 0) {
      this.#slew = Math.round(deviation)
      this.#recent = []
      return this.#placeAll()
    }
    const isRounding = Math.abs(baseline) <= MAX_BASELINE_MS * this.#samplesPerMs
    const shift = this.#wholeBlocks(deviation - (isRounding ? baseline : 0), run[0]!.index)
    this.#slew = 0
    return this.#jump(run, shift)
  }

  #jump(run: readonly Vote[], shift: number): Placement<T>[] {
    const { index } = run[0]!
    const before = this.#held.slice(0, index)
    const clock = this.#clock!
    const beforeSamples = this.#heldSamples - this.#samplesFrom(index)
    const position = clock + beforeSamples + shift
    const isLoneStart = this.#isFirstHeld && shift <= LONE_TOLERANCES * this.#tolerance
    // The blocks of a run that continues at the clock were not interrupted: those held before it belong elsewhere.
    const isElsewhere = before.length > 0 && Math.abs(position - clock) <= this.#tolerance
    if (isLoneStart) {
      this.#startAt(position - beforeSamples)
      return this.#placeAll()
    }
    const placed = isElsewhere
      ? before.map(held => this.#placeAt(held, Math.max(0, Math.round(held.exact ?? clock))))
      : before.map(held => this.#place(held))
    this.#held = this.#held.slice(index)
    this.#clock = isElsewhere ? clock : Math.max(0, position)
    const moved = this.#clock - clock - beforeSamples
    this.#recent = run.map(vote => vote.deviation - moved)
    for (const [at, held] of this.#held.entries()) this.#held[at] = { ...held, deviation: undefined }
    return [...placed, ...this.#placeAll()]
  }

  #startAt(position: number): void {
    this.#clock = Math.max(0, position)
    this.#originMs += Math.min(0, position) / this.#samplesPerMs
  }

  /**
   * Timestamps in whole milliseconds cannot say exactly how long a gap is, where a block does not last whole milliseconds.
   * If lost blocks of the same size explain the gap within that rounding, it has their length.
   */
  #wholeBlocks(shift: number, index: number): number {
    const { samples } = this.#held[index]!
    const isRounded = this.#held.every(({ atMs }) => atMs === undefined || Number.isInteger(atMs))
    const isWholeMs = Number.isInteger(samples / this.#samplesPerMs)
    const lost = samples === 0 ? 0 : Math.round(shift / samples) * samples
    const isExplained = lost !== 0 && Math.abs(lost - shift) <= MAX_ROUNDING_MS * this.#samplesPerMs
    return isExplained && isRounded && !isWholeMs ? lost : Math.round(shift)
  }

  /** Places all that is held, one block after the other. */
  #placeAll(): Placement<T>[] {
    const held = this.#held
    this.#held = []
    this.#heldSamples = 0
    this.#isFirstHeld = false
    for (const { deviation } of held) {
      if (deviation !== undefined && this.#isOnClock(deviation)) this.#remember(deviation)
    }
    return held.map(block => this.#place(block))
  }

  #place({ block, samples }: Held<T>): Placement<T> {
    const step = Math.min(Math.ceil(Math.abs(this.#slew) / SLEW_DIVISOR), samples >> 2)
    const repeated = this.#slew > 0 ? step : 0
    const skipped = this.#slew < 0 ? step : 0
    this.#slew += skipped - repeated
    const position = this.#clock! + repeated
    this.#clock = position + samples - skipped
    return { block, position, skipped, repeated }
  }

  #placeAt({ block }: Held<T>, position: number): Placement<T> {
    return { block, position, skipped: 0, repeated: 0 }
  }
}

type Vote = { readonly index: number; readonly deviation: number }

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
