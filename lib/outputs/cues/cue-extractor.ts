import { Transform } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { type BeginStep, FramePlacer, type PlacerStep } from '../shared/timeline/frame-placer.ts'
import type { PlacedFrame } from '../shared/timeline/timeline.ts'
import { followSignal } from '../shared/write-queue.ts'
import type { AssFields, Cue, CueTrack } from './cue.ts'
import { CueEnds } from './cue-ends.ts'
import type { CueFile, EndedCue } from './cue-file.ts'
import { CueReader } from './cue-reader.ts'
import { SRT } from './srt.ts'
import { textTracks } from './text-tracks.ts'
import { WEBVTT } from './webvtt.ts'

export type { AssFields, Cue, CueTrack }

export type CueExtractorOptions = {
  /** `Cue`s as objects, or the text of an SRT or a WebVTT file. @default 'events' */
  readonly format?: 'events' | 'srt' | 'webvtt'
  /** The text track, by its number or its name. @default all; SRT and WebVTT without D_WEBVTT/METADATA, whose text is for programs */
  readonly track?: number | string
  /** SRT and WebVTT: how long a cue of no known duration is shown, unless the next of its track comes before. @default 5000 */
  readonly defaultDurationMs?: number
  /** As of `MkvSegmentMerger`, whose times are the cues' where this is the same. @default 'keep' */
  readonly gaps?: 'keep' | 'close'
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<CueExtractorOptions>({
  format: true,
  track: true,
  defaultDurationMs: true,
  gaps: true,
  signal: true,
})

type Callback = (error?: Error | null) => void

const FILES: Readonly<Record<'srt' | 'webvtt', CueFile>> = { srt: SRT, webvtt: WEBVTT }

/**
 * `FragmentEvent`s in; out the cues of the text tracks, as `Cue`s with their wall-clock times, or as the text of one SRT or
 * WebVTT file in UTF-8, whose times count from the first frame of any track: they fit the MKV or MP4 that the other outputs
 * make of the same stream. Takes S_TEXT/UTF8, /ASS, /SSA and /WEBVTT, the older S_ASS and S_SSA, and D_WEBVTT/*.
 *
 * In files, ASS is plain text, a cue that shows nothing is left out, and what would break the format is made safe. Fails
 * with `OutputError` for an encrypted track, a chosen one that is no text, a text of more than 1 MiB, and a frame of a
 * track that its fragment does not declare.
 *
 * Memory: 8 events and 16 cues; one text; where the stream begins or timestamps do not follow on, up to 256 frames or
 * 16 MiB of one fragment; for files also 64 cues, or 256 Ki characters, whose end is not known yet.
 *
 * ```ts
 * for await (const cue of getMedia({ streamName: 'door' }).pipe(new CueExtractor())) console.log(cue.wallClock, cue.plainText)
 * ```
 * Text is read by `matroska-subtitles`.
 */
export class CueExtractor extends Transform {
  readonly #track: number | string | undefined
  readonly #file: CueFile | undefined
  readonly #placer: FramePlacer
  readonly #reader = new CueReader()
  readonly #ends: CueEnds
  #unfollow: () => void = () => {}
  #hasHead = false
  #index = 0

  constructor(options: CueExtractorOptions = {}) {
    knownOptions('CueExtractor', options, OPTIONS)
    const format = choiceOption('format', options.format, 'events', ['events', 'srt', 'webvtt'])
    const isObjects = format === 'events'
    super({
      ...{ writableObjectMode: true, writableHighWaterMark: 8 },
      ...{ readableObjectMode: isObjects, readableHighWaterMark: isObjects ? 16 : 16 * 1024 },
    })
    this.#file = format === 'events' ? undefined : FILES[format]
    this.#track = trackOption(options.track)
    this.#ends = new CueEnds(numberOption('defaultDurationMs', options.defaultDurationMs, 5000, { min: 1 }))
    const gaps = choiceOption('gaps', options.gaps, 'keep', ['keep', 'close'])
    this.#placer = new FramePlacer({ output: 'CueExtractor', gaps, onTrackChange: 'continue' })
    this.#unfollow = followSignal('CueExtractor', this, options.signal)
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('CueExtractor', event, callback)) return
    this.#take(() => this.#placer.push(event), callback)
  }

  override _flush(callback: Callback): void {
    this.#take(
      () => this.#placer.end(),
      error => {
        if (!error) this.#endFile()
        callback(error)
      },
    )
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    super._destroy(error, callback)
  }

  /** Most steps are frames without text, for which nothing has to wait. */
  #take(work: () => readonly PlacerStep[], callback: Callback): void {
    let rest: readonly PlacerStep[]
    try {
      const steps = work()
      const firstText = steps.findIndex(step => this.#textOf(step) !== undefined)
      rest = firstText === -1 ? [] : steps.slice(firstText)
    } catch (error) {
      callback(error as Error)
      return
    }
    if (rest.length === 0) callback()
    else this.#read(rest).then(() => callback(), callback)
  }

  async #read(steps: readonly PlacerStep[]): Promise<void> {
    for (const step of steps) {
      const frame = this.#textOf(step)
      if (frame === undefined) continue
      const { cue, codec } = await this.#reader.read(frame)
      if (this.destroyed) return
      if (this.#file === undefined) this.push(cue)
      else this.#write(this.#ends.add(cue, codec))
    }
  }

  /** Does what a step asks for, but reads no text: its frame is the result. */
  #textOf(step: PlacerStep): PlacedFrame | undefined {
    if (step.type === 'begin') this.#begin(step)
    if (step.type !== 'frame') return undefined
    this.#write(this.#ends.reach(step.placed.timeMs))
    return this.#reader.reads(step.placed.frame.track) ? step.placed : undefined
  }

  #begin({ tracks, startedAt }: BeginStep): void {
    this.#reader.setTracks(textTracks(tracks, this.#track, this.#file === undefined))
    this.#writeHead(startedAt)
  }

  #endFile(): void {
    this.#writeHead(null)
    this.#write(this.#ends.end())
  }

  /** Once: a file without a cue has it too. */
  #writeHead(startedAt: Date | null): void {
    if (this.#hasHead) return
    this.#hasHead = true
    this.#writeText(this.#file?.head(startedAt) ?? '')
  }

  #write(cues: readonly EndedCue[]): void {
    for (const cue of cues) this.#writeText(this.#file?.cue(cue, ++this.#index) ?? '')
  }

  #writeText(text: string): void {
    if (text !== '') this.push(text)
  }
}

function trackOption(track: number | string | undefined): number | string | undefined {
  if (track === undefined || (typeof track === 'string' && track !== '')) return track
  if (typeof track === 'number' && Number.isSafeInteger(track) && track >= 1) return track
  throw new OptionError('track', 'be the number or the name of a text track', track)
}
