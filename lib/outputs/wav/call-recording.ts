import { OutputError } from '../output-error.ts'
import type { PcmFormat } from './pcm-format.ts'
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
  readonly toleranceMs: number
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
  /** Samples that were left out, since their moment had samples before. */
  readonly overlappingSamples: number
}

type Slot = {
  readonly track: string
  readonly index: number
  readonly spans: WrittenSpans
  format: PcmFormat | undefined
  next: number | undefined
  overlapping: number
}

/**
 * A clock that goes back further begins another recording, since what comes then would fall on what is there: a producer
 * that sends its last seconds again goes back on its wall clock; one that counts from zero again is at another time.
 */
const LONGEST_STEP_BACK_MS = { producer: 30_000, segment: 1000 } as const

/**
 * The files of one call, or of a part of one: every track counts from the same moment, and each sample stands where its
 * frame's timestamp says. A frame that begins within `toleranceMs` of where the one before it ended follows it without
 * a seam, since a timestamp in whole milliseconds is no more exact than that.
 */
export class CallRecording {
  readonly #options: CallRecordingOptions
  readonly #first: CallFrames
  readonly #startMs: number
  #endMs: number
  readonly #slots: readonly Slot[]
  /** By slot; the stereo file is every slot's. */
  readonly #files = new Map<Slot, SampleFile>()

  constructor(first: CallFrames, options: CallRecordingOptions) {
    this.#options = options
    this.#first = first
    this.#startMs = earliestMs(first)
    this.#endMs = this.#startMs
    this.#slots = first.tracks.map((track, index) => ({
      ...{ track, index, spans: new WrittenSpans(), format: undefined, next: undefined, overlapping: 0 },
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
    if (fromMs <= this.#startMs - this.#options.toleranceMs) return false
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
    const files = [...new Set(this.#files.values())]
    const results = await Promise.allSettled(files.map(file => file.finish()))
    const failures: (Error | undefined)[] = results.map(result =>
      result.status === 'rejected' ? result.reason : result.value,
    )
    const named = files.filter((file, index) => results[index]?.status === 'fulfilled' && file.frames > 0)
    return {
      reports: named.map(file => this.#report(file)),
      failure: failures.find(failure => failure !== undefined),
    }
  }

  #slot(track: string): Slot | undefined {
    return this.#slots.find(slot => slot.track === track)
  }

  async #writeFrame(slot: Slot, { format, atMs, data }: CallFrame): Promise<void> {
    slot.format ??= format
    const samples = wavSamples(data, format.encoding, format.channels)
    const unit = sampleTypeOf(format.encoding).bytes * format.channels
    const count = samples.length / unit
    const position = this.#position(slot, format, atMs)
    slot.next = position + count
    this.#endMs = Math.max(this.#endMs, this.#startMs + (slot.next * 1000) / format.sampleRateHz)
    if (count === 0) return
    const file = this.#files.get(slot) ?? (await this.#open(slot, format))
    const index = this.#options.layout === 'stereo' ? slot.index : 0
    let free = 0
    for (const [start, end] of slot.spans.take(position, slot.next)) {
      free += end - start
      await file.write(index, start, samples.subarray((start - position) * unit, (end - position) * unit))
    }
    slot.overlapping += count - free
  }

  #position({ next }: Slot, { sampleRateHz }: PcmFormat, atMs: number | undefined): number {
    if (atMs === undefined) return next ?? 0
    const exact = ((atMs - this.#startMs) * sampleRateHz) / 1000
    const tolerance = (this.#options.toleranceMs * sampleRateHz) / 1000
    if (next !== undefined && Math.abs(exact - next) < tolerance) return next
    return Math.max(0, Math.round(exact))
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
    return {
      path: file.path,
      contactId: this.#first.contactId,
      tracks: slots.map(({ track }) => track),
      startedAt: this.#first.startedAt,
      sampleRateHz: file.layout.sampleRateHz,
      samples: file.frames,
      overlappingSamples: slots.reduce((sum, { overlapping }) => sum + overlapping, 0),
    }
  }
}

function earliestMs({ frames }: CallFrames): number {
  return frames.reduce((least, { atMs }) => Math.min(least, atMs ?? least), Number.POSITIVE_INFINITY)
}

function isSameFormat(a: PcmFormat, b: PcmFormat): boolean {
  return a.sampleRateHz === b.sampleRateHz && a.channels === b.channels && a.encoding === b.encoding
}
