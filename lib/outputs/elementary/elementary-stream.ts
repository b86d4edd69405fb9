import { Transform } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEvent, FragmentFrame } from '../../get-media/events.ts'
import type { Track } from '../../matroska/reader/tracks.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { framesText } from '../shared/frames-written.ts'
import { OutputError } from '../shared/output-error.ts'
import { sameTracks } from '../shared/timeline/same-tracks.ts'
import { followSignal } from '../shared/write-queue.ts'
import { AdtsWriter } from './adts-writer.ts'
import { AnnexBWriter } from './annexb-writer.ts'
import { type ElementaryFormat, formatsOf, nalKind } from './elementary-format.ts'
import type { FrameWriter } from './frame-writer.ts'
import { SampleBytes } from './sample-bytes.ts'
import { describe, TrackChoice } from './track-choice.ts'

export type { ElementaryFormat }

export type ElementaryStreamOptions = {
  /** Its number or its name. @default the first track that can be written */
  readonly track?: number | string
  /** What the output must be; with it, the first track that can be written so is taken. @default by the codec */
  readonly format?: ElementaryFormat
  /**
   * H.264 and H.265 begin with a keyframe whose parameter sets are known; frames before, which no decoder can show, are
   * counted in `skippedFrames`. @default true
   */
  readonly startAtKeyframe?: boolean
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<ElementaryStreamOptions>({
  track: true,
  format: true,
  startAtKeyframe: true,
  signal: true,
})

/** `track`: what is written from here on; at the start, and where the codec data change. */
export type ElementaryTrackEvent = { readonly track: Track; readonly format: ElementaryFormat }

type Callback = (error?: Error | null) => void

const FORMATS: readonly ElementaryFormat[] = ['annexb', 'h264', 'h265', 'adts', 'pcm']

/**
 * `FragmentEvent`s in, bytes out: the frames of one track and nothing else, as decoders and speech services take them. H.264
 * and H.265 in Annex B, with the parameter sets before each keyframe that lacks its own; AAC in ADTS; samples of PCM and
 * G.711 as they came. Timestamps are left behind, and so are gaps: `MkvSegmentMerger` keeps both.
 *
 * Emits `track` (`ElementaryTrackEvent`). Fails with `OutputError` where no track fits, for an encrypted one, for frames that
 * are not what their codec promises, for a change of codec, for AAC that ADTS has no header for, and where the stream ends and
 * not one frame could be written, though frames came; with `OptionError` and `AbortError`.
 *
 * Memory: 16 events, and a frame beyond 64 KiB of output.
 *
 * ```ts
 * await pipeline(getMedia({ streamName: 'door' }), new ElementaryStream(), createWriteStream('door.h264'))
 * ```
 */
export class ElementaryStream extends Transform {
  readonly #choice: TrackChoice
  readonly #format: ElementaryFormat | undefined
  readonly #startsAtKeyframe: boolean
  #unfollow: () => void = () => {}
  /** Of the fragment under way; looked at when its first frame comes, since headers without frames are often half. */
  #tracks: readonly Track[] = []
  #isChosen = false
  #track: Track | undefined
  /** The track as the writer has it. */
  #written: Track | undefined
  #writer: FrameWriter | undefined
  /** Frames of any track, of the track that is written, and those that gave bytes. */
  #receivedFrames = 0
  #trackFrames = 0
  #writtenFrames = 0
  #skippedFrames = 0

  constructor(options: ElementaryStreamOptions = {}) {
    knownOptions('ElementaryStream', options, OPTIONS)
    super({ writableObjectMode: true, writableHighWaterMark: 16, readableHighWaterMark: 64 * 1024 })
    const { format, startAtKeyframe = true } = options
    this.#format = format === undefined ? undefined : choiceOption('format', format, 'annexb', FORMATS)
    if (typeof startAtKeyframe !== 'boolean') {
      throw new OptionError('startAtKeyframe', 'be true or false', startAtKeyframe)
    }
    this.#startsAtKeyframe = startAtKeyframe
    this.#choice = new TrackChoice({
      output: 'ElementaryStream',
      track: options.track,
      fits: track => this.#formatOf(track) !== undefined,
      wanted: `no track of ${format === undefined ? 'H.264, H.265, AAC, PCM or G.711' : NAMES[format]}`,
    })
    this.#unfollow = followSignal('ElementaryStream', this, options.signal)
  }

  /** Frames of the track before the first that decoding can begin with. */
  get skippedFrames(): number {
    return this.#skippedFrames
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('ElementaryStream', event, callback)) return
    try {
      if (event.type === 'fragment-start') {
        this.#tracks = event.tracks
        this.#isChosen = false
      } else if (event.type === 'frame') this.#take(event)
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  override _flush(callback: Callback): void {
    const isEmpty = this.#receivedFrames > 0 && this.#writtenFrames === 0
    callback(isEmpty ? new OutputError('ElementaryStream', this.#emptyProblem()) : null)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    super._destroy(error, callback)
  }

  #take(frame: FragmentFrame): void {
    this.#receivedFrames++
    if (!this.#isChosen) {
      this.#isChosen = true
      this.#track = this.#choice.of(this.#tracks)
    }
    const track = this.#track
    if (track === undefined || frame.track !== track.number) return
    this.#trackFrames++
    const bytes = this.#writerFor(track).write(frame)
    if (bytes === undefined) {
      this.#skippedFrames++
      return
    }
    if (bytes.length === 0) return
    this.#writtenFrames++
    this.push(bytes)
  }

  #writerFor(track: Track): FrameWriter {
    const written = this.#written
    if (this.#writer !== undefined && written !== undefined && isSame(written, track)) {
      this.#written = track
      return this.#writer
    }
    const format = this.#formatOf(track)
    if (format === undefined) throw unfitting(track, this.#format)
    if (written !== undefined && codecOf(written) !== codecOf(track)) throw changed(written, track)
    this.#written = track
    if (this.#writer === undefined) this.#writer = this.#newWriter(track, format)
    else this.#writer.setTrack(track)
    this.emit('track', { track, format } satisfies ElementaryTrackEvent)
    return this.#writer
  }

  #newWriter(track: Track, format: ElementaryFormat): FrameWriter {
    if (format === 'adts') return new AdtsWriter('ElementaryStream', track)
    if (format === 'pcm') return new SampleBytes()
    return new AnnexBWriter('ElementaryStream', track, this.#startsAtKeyframe)
  }

  #formatOf(track: Track): ElementaryFormat | undefined {
    const formats = formatsOf(track)
    return this.#format === undefined ? formats[0] : formats.find(format => format === this.#format)
  }

  #emptyProblem(): string {
    const track = this.#track
    if (this.#trackFrames === 0 && track !== undefined) {
      return `${framesText(this.#receivedFrames)} came, and none is of track ${describe(track)}; set \`track\` to another one`
    }
    const problem = this.#skippedFrames > 0 ? this.#writer?.problem : 'they hold no bytes'
    return `of ${framesText(this.#trackFrames)} not one could be written: ${problem}`
  }
}

const NAMES: Readonly<Record<ElementaryFormat, string>> = {
  annexb: 'H.264 or H.265',
  h264: 'H.264',
  h265: 'H.265',
  adts: 'AAC',
  pcm: 'PCM or G.711',
}

/** Fragments of one connection often share their tracks. */
function isSame(some: Track, other: Track): boolean {
  return some === other || sameTracks([some], [{ ...other, number: some.number }])
}

/** What a decoder of the output has to be told; PCM of another format is another. */
function codecOf({ codecId, codec, audio }: Track): string {
  const kind = nalKind(codecId)
  if (kind !== undefined) return kind
  if (codecId.startsWith('A_AAC')) return 'A_AAC'
  if (codec.kind !== 'wave-format') return [codecId, ...Object.values(audio ?? {})].join(' ')
  return [codecId, codec.formatTag, codec.sampleRateHz, codec.channels, codec.bitDepth].join(' ')
}

function changed(before: Track, after: Track): OutputError {
  const problem = `track ${describe(before)} became ${describe(after)} (${codecOf(before)}, then ${codecOf(after)})`
  return new OutputError('ElementaryStream', `${problem}; write a file for each, or use MkvFileSink`)
}

function unfitting(track: Track, format: ElementaryFormat | undefined): OutputError {
  const formats = formatsOf(track)
  const wanted = format === undefined ? 'an elementary stream' : NAMES[format]
  const advice =
    formats.length === 0 ? 'write it with MkvFileSink' : `it can be written as \`format: '${formats[0]}'\``
  return new OutputError(
    'ElementaryStream',
    `track ${describe(track)} cannot be written as ${wanted}; ${advice}`,
  )
}
