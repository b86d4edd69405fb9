import { OutputError } from '../shared/output-error.ts'
import type { PcmFormat } from './pcm-format.ts'
import { type Placement, SampleAligner } from './sample-aligner.ts'
import { SampleFile } from './sample-file.ts'
import { sampleTypeOf, wavSamples } from './samples.ts'
import { WrittenSpans } from './written-spans.ts'

/** One frame of a call. */
export type CallFrame = {
  /** Its track's name. */
  readonly track: string
  readonly format: PcmFormat
  /** Milliseconds on the call's clock; `undefined` where it follows the frame before it in a lace. */
  readonly atMs: number | undefined
  readonly data: Uint8Array
}

/** Frames of one fragment, whose times are on one clock. */
export type CallFrames = {
  /** The producer's wall clock, or the clock of the segment where the producer has none. */
  readonly clock: 'producer' | 'segment'
  /** Names of the tracks that are recorded, in the order of the channels. */
  readonly tracks: readonly string[]
  readonly contactId: string | undefined
  /** Wall-clock time of the earliest. */
  readonly startedAt: Date | null
  readonly frames: readonly CallFrame[]
}

export type CallRecordingOptions = {
  readonly layout: 'files' | 'stereo'
  readonly jitterToleranceMs: number
  readonly longestSilenceMs: number
  /** The path for the file of a track, or for the one file of all. */
  readonly pathFor: (contactId: string | undefined, track: string | undefined) => string
}

/** A file that is whole. */
export type WavFileReport = {
  readonly path: string
  readonly contactId: string | undefined
  /** Names of the tracks in it, in the order of its channels. */
  readonly tracks: readonly string[]
  /** Wall-clock time of its first sample. */
  readonly startedAt: Date | null
  readonly sampleRateHz: number
  /** Samples of each channel, silence included. */
  readonly samples: number
  /** Samples that were left out, since their moment had samples before: media that the file lacks. */
  readonly overlappingSamples: number
  /** Samples of silence in gaps, between a speaker's first sample and the last; of all tracks in the file. */
  readonly silenceSamples: number
  /** Samples that were left out or repeated, a few at a time, to follow a producer whose clock is slow or fast. */
  readonly driftSamples: number
}

/** A block whose position is not known yet. */
type CallBlock = { readonly format: PcmFormat; readonly samples: Uint8Array }

type Slot = {
  readonly track: string
  readonly index: number
  readonly spans: WrittenSpans
  format: PcmFormat | undefined
  aligner: SampleAligner<CallBlock> | undefined
  /** The samples before the next position, of which a drift may repeat the last. */
  lastSamples: Uint8Array | undefined
  first: number
  written: number
  overlapping: number
  drift: number
}

/**
 * A clock that goes back further begins another recording, since what comes then would fall on what is there: a producer
 * that sends its last seconds again goes back on its wall clock; one that counts from zero again is at another time.
 */
const LONGEST_STEP_BACK_MS = { producer: 30_000, segment: 1000 } as const

/**
 * The files of one call, or of a part of one: every track counts from the same moment, and each sample stands where its
 * frame's timestamp says. Within a track the samples follow each other, and `SampleAligner` tells jitter of the timestamps,
 * up to `jitterToleranceMs`, from gaps.
 */
export class CallRecording {
  readonly #options: CallRecordingOptions
  readonly #first: CallFrames
  readonly #startMs: number
  #endMs: number
  readonly #slots: readonly Slot[]
  /** By slot; the stereo file is every slot's. */
  readonly #files = new Map<Slot, SampleFile>()
  #hasFailed = false

  constructor(first: CallFrames, options: CallRecordingOptions) {
    this.#options = options
    this.#first = first
    this.#startMs = earliestMs(first)
    this.#endMs = this.#startMs
    this.#slots = first.tracks.map((track, index) => ({
      ...{
        track,
        index,
        spans: new WrittenSpans(),
        format: undefined,
        aligner: undefined,
        lastSamples: undefined,
      },
      ...{ first: Number.POSITIVE_INFINITY, written: 0, overlapping: 0, drift: 0 },
    }))
  }

  /** Whether these frames belong to the same recording: no other tracks nor formats, in any order, on a clock that goes on. */
  accepts(more: CallFrames): boolean {
    const { clock, tracks } = this.#first
    if (more.clock !== clock || !more.tracks.every(track => tracks.includes(track))) return false
    const hasOtherFormat = more.frames.some(({ track, format }) => {
      const known = this.#slot(track)?.format
      return known !== undefined && !isSameFormat(known, format)
    })
    if (hasOtherFormat) return false
    const fromMs = earliestMs(more)
    if (fromMs < this.#startMs - this.#options.jitterToleranceMs) return false
    return (
      fromMs >= this.#endMs - LONGEST_STEP_BACK_MS[more.clock] &&
      fromMs <= this.#endMs + this.#options.longestSilenceMs
    )
  }

  async write({ frames }: CallFrames): Promise<void> {
    for (const frame of frames) {
      const slot = this.#slot(frame.track)
      if (slot !== undefined) await this.#writeFrame(slot, frame)
    }
  }

  /** Gives the files their names, and tells of those that have one; and of the first failure, when all have been tried. */
  async finish(): Promise<{
    readonly reports: readonly WavFileReport[]
    readonly failure: Error | undefined
  }> {
    const flushFailure = await this.#flush()
    // In the order of the tracks, whichever was opened first.
    const files = [...new Set(this.#slots.flatMap(slot => this.#files.get(slot) ?? []))]
    const results = await Promise.allSettled(files.map(file => file.finish()))
    const failures: (Error | undefined)[] = results.map(result =>
      result.status === 'rejected' ? result.reason : result.value,
    )
    const named = files.filter((file, index) => results[index]?.status === 'fulfilled' && file.frames > 0)
    return {
      reports: named.map(file => this.#report(file)),
      failure: flushFailure ?? failures.find(failure => failure !== undefined),
    }
  }

  /** Writes the blocks whose positions were not decided yet; after a failure, what came later is not written. */
  async #flush(): Promise<Error | undefined> {
    if (this.#hasFailed) return undefined
    try {
      for (const slot of this.#slots) {
        for (const placement of slot.aligner?.end() ?? []) await this.#writeBlock(slot, placement)
      }
    } catch (error) {
      return error as Error
    }
    return undefined
  }

  #slot(track: string): Slot | undefined {
    return this.#slots.find(slot => slot.track === track)
  }

  async #writeFrame(slot: Slot, { format, atMs, data }: CallFrame): Promise<void> {
    slot.format ??= format
    const { sampleRateHz, encoding, channels } = format
    slot.aligner ??= new SampleAligner({
      ...{ sampleRateHz, toleranceMs: this.#options.jitterToleranceMs, originMs: this.#startMs },
    })
    const samples = wavSamples(data, encoding, channels)
    const count = samples.length / unitOf(format)
    this.#endMs = Math.max(this.#endMs, (atMs ?? this.#startMs) + (count * 1000) / sampleRateHz)
    for (const placement of slot.aligner.push({ atMs, samples: count, block: { format, samples } })) {
      await this.#writeBlock(slot, placement).catch(error => {
        this.#hasFailed = true
        throw error
      })
    }
  }

  async #writeBlock(slot: Slot, placement: Placement<CallBlock>): Promise<void> {
    const { block, position, skipped, repeated } = placement
    const unit = unitOf(block.format)
    const samples = block.samples.subarray(skipped * unit)
    slot.drift += skipped + repeated
    if (repeated > 0)
      await this.#writeSamples(slot, block.format, position - repeated, this.#repeat(slot, unit, repeated))
    if (samples.length === 0) return
    await this.#writeSamples(slot, block.format, position, samples)
    slot.lastSamples = samples
  }

  #repeat({ lastSamples }: Slot, unit: number, times: number): Uint8Array {
    const sample = lastSamples?.subarray(-unit) ?? new Uint8Array(unit)
    return Uint8Array.from({ length: times * unit }, (_, at) => sample[at % unit]!)
  }

  async #writeSamples(slot: Slot, format: PcmFormat, position: number, samples: Uint8Array): Promise<void> {
    const file = this.#files.get(slot) ?? (await this.#open(slot, format))
    const index = this.#options.layout === 'stereo' ? slot.index : 0
    const unit = unitOf(format)
    const count = samples.length / unit
    let free = 0
    for (const [start, end] of slot.spans.take(position, position + count)) {
      free += end - start
      await file.write(index, start, samples.subarray((start - position) * unit, (end - position) * unit))
    }
    slot.first = Math.min(slot.first, position)
    slot.written += free
    slot.overlapping += count - free
  }

  async #open(slot: Slot, format: PcmFormat): Promise<SampleFile> {
    const { layout, pathFor } = this.#options
    const { bytes: bytesPerSample, isFloat } = sampleTypeOf(format.encoding)
    const { sampleRateHz, channels } = format
    if (layout === 'files') {
      const path = pathFor(this.#first.contactId, slot.track)
      const file = await SampleFile.open(path, { sampleRateHz, channels, bytesPerSample, isFloat }, 1)
      this.#files.set(slot, file)
      return file
    }
    this.#checkStereo(slot, format)
    const [shared] = this.#files.values()
    const slots = this.#slots.length
    const wav = { sampleRateHz, channels: slots, bytesPerSample, isFloat }
    const file = shared ?? (await SampleFile.open(pathFor(this.#first.contactId, undefined), wav, slots))
    this.#files.set(slot, file)
    return file
  }

  #checkStereo(slot: Slot, format: PcmFormat): void {
    if (format.channels !== 1) {
      throw new OutputError(
        'WavWriter',
        `track ${slot.track} has ${format.channels} channels; use layout 'files'`,
      )
    }
    const [other] = this.#files.keys()
    if (other?.format === undefined || isSameFormat(other.format, format)) return
    const problem = `tracks ${other.track} and ${slot.track} differ in rate or format; use layout 'files'`
    throw new OutputError('WavWriter', problem)
  }

  #report(file: SampleFile): WavFileReport {
    const slots =
      this.#options.layout === 'stereo' ? this.#slots : this.#slots.filter(s => this.#files.get(s) === file)
    const sum = (count: (slot: Slot) => number) => slots.reduce((total, slot) => total + count(slot), 0)
    return {
      path: file.path,
      contactId: this.#first.contactId,
      tracks: slots.map(({ track }) => track),
      startedAt: this.#first.startedAt,
      sampleRateHz: file.layout.sampleRateHz,
      samples: file.frames,
      overlappingSamples: sum(({ overlapping }) => overlapping),
      silenceSamples: sum(({ spans, first, written }) => Math.max(0, spans.end - first - written)),
      driftSamples: sum(({ drift }) => drift),
    }
  }
}

/** Bytes of one sample of all channels, as the file has them. */
function unitOf({ encoding, channels }: PcmFormat): number {
  return sampleTypeOf(encoding).bytes * channels
}

function earliestMs({ frames }: CallFrames): number {
  return frames.reduce((least, { atMs }) => Math.min(least, atMs ?? least), Number.POSITIVE_INFINITY)
}

function isSameFormat(a: PcmFormat, b: PcmFormat): boolean {
  return a.sampleRateHz === b.sampleRateHz && a.channels === b.channels && a.encoding === b.encoding
}
