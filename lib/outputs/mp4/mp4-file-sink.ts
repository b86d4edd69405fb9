import { Writable } from 'readable-stream'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { FileNames } from '../shared/file-names.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import type { BeginStep, FramePlacer, PlacerStep } from '../shared/timeline/frame-placer.ts'
import { type RotateOptions, Rotation } from '../shared/timeline/rotation.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'
import { loadMediabunny, withMediabunny } from './mediabunny-module.ts'
import { Mp4File } from './mp4-file.ts'
import { mp4Placer } from './mp4-placer.ts'
import type { UnsupportedTracks } from './unsupported-tracks.ts'

export type Mp4FileSinkOptions = {
  /** Where the file goes; with the words of `MkvFileSink`: `{time}`, `{date}`, `{fragment}` and `{index}`. */
  readonly path: string
  /** As of `MkvSegmentMerger`. @default 'keep' */
  readonly gaps?: 'keep' | 'close'
  /** When the tracks or their codec data change: a file of its own, or an `OutputError`. @default 'new-file' */
  readonly onTrackChange?: 'new-file' | 'error'
  /** A track that MP4 cannot carry: an `OutputError`, or the others are written alone. @default 'error' */
  readonly onUnsupportedTrack?: UnsupportedTracks
  /** Begins a new file at the first keyframe at which one of these is reached. @default never */
  readonly rotate?: RotateOptions
  /** Destroys the sink when it fires, with `AbortError`; the file so far is kept. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<Mp4FileSinkOptions>({
  path: true,
  gaps: true,
  onTrackChange: true,
  onUnsupportedTrack: true,
  rotate: true,
  signal: true,
})

/** `file`: a file has its name. */
export type Mp4FileReport = {
  readonly path: string
  /** Wall-clock time of its first frame. */
  readonly startedAt: Date | null
  readonly durationMs: number
  readonly frames: number
  /** Frames of video before its first keyframe, which nothing could show, and which the file does not hold. */
  readonly skippedFrames: number
  readonly bytes: number
  /** Why it ended: the stream did, it was long enough, the tracks changed, or the sink was destroyed. */
  readonly reason: 'end' | 'rotation' | 'tracks' | 'cut'
}

type Callback = (error?: Error | null) => void
type OpenFile = {
  readonly file: Mp4File
  readonly startedAt: Date | null
  durationMs: number
  frames: number
}

/**
 * A Writable of `FragmentEvent`s that makes ordinary MP4 files of H.264, H.265, AAC, Opus and PCM, as people save and send
 * them: with an index of every frame, times that rise from zero, and frames bit for bit. A file has its name once it is
 * whole; also when the stream fails or the sink is destroyed, with what came until then: by `close`, for which a `pipeline`
 * that fails does not wait. What a killed process leaves lacks its index and does not play: where that matters,
 * `Mp4Remuxer` or `MkvFileSink` is the better choice.
 *
 * A video track begins with its first keyframe, as `isRandomAccessPoint` finds it; frames before it are counted in
 * `skippedFrames`. Emits `file` (`Mp4FileReport`) for each. Needs the package `mediabunny`. Fails with `OptionError`, with `OutputError` as
 * `Mp4Remuxer` does and where frames came and not one could be written, with the file system's errors, and with `AbortError`. Memory: 16 events, 1 MiB, and some 200 bytes for
 * each frame of the file.
 *
 * ```ts
 * const sink = new Mp4FileSink({ path: 'door-{time}.mp4', rotate: { everyMs: 3_600_000 } })
 * await pipeline(getMedia({ streamName: 'door' }), sink)
 * ```
 */
export class Mp4FileSink extends Writable {
  readonly #names: FileNames
  readonly #placer: FramePlacer
  readonly #queue = new WriteQueue()
  #unfollow: () => void = () => {}
  #open: OpenFile | undefined
  #writtenFrames = 0
  #skippedFrames = 0

  constructor(options: Mp4FileSinkOptions) {
    knownOptions('Mp4FileSink', options, OPTIONS)
    super({ objectMode: true, highWaterMark: 16 })
    const { path, rotate, signal } = options
    const onTrackChange = choiceOption('onTrackChange', options.onTrackChange, 'new-file', [
      'new-file',
      'error',
    ])
    this.#names = new FileNames('path', path)
    this.#placer = mp4Placer(options, {
      output: 'Mp4FileSink',
      gaps: 'keep',
      onTrackChange: onTrackChange === 'error' ? 'error' : 'restart',
      rotation: rotate === undefined ? undefined : new Rotation(rotate),
    })
    this.#unfollow = followSignal('Mp4FileSink', this, signal)
  }

  /** Frames of video before the first keyframe of a file, which nothing could show, of all files so far. */
  get skippedFrames(): number {
    return this.#skippedFrames
  }

  /** Frames of tracks that MP4 cannot carry, left out because of `onUnsupportedTrack: 'leave-out'`. */
  get unsupportedFrames(): number {
    return this.#placer.unselectedFrames
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('Mp4FileSink', event, callback)) return
    this.#queue.run(() => this.#apply(this.#placer.push(event)), callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(async () => {
      await this.#end('end')
      this.#checkWritten()
    }, callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    // The first failure is the one to tell; a second one often follows from it.
    this.#queue.run(
      () => this.#end('cut'),
      later => callback(error ?? later ?? null),
    )
  }

  async #end(reason: 'end' | 'cut'): Promise<void> {
    try {
      await this.#apply(this.#placer.end())
    } finally {
      await this.#finishFile(reason)
    }
  }

  async #apply(steps: readonly PlacerStep[]): Promise<void> {
    for (const step of steps) {
      if (step.type === 'begin') await this.#begin(step)
      else if (step.type === 'frame') {
        const open = this.#open!
        if (!(await withMediabunny('Mp4FileSink', () => open.file.add(step.placed)))) {
          this.#skippedFrames++
          continue
        }
        open.frames++
        this.#writtenFrames++
        open.durationMs = Math.max(open.durationMs, Math.round(step.placed.endMs))
      }
    }
  }

  #checkWritten(): void {
    checkFramesWritten('Mp4FileSink', {
      received: this.#placer.receivedFrames,
      written: this.#writtenFrames,
      unwritten: [
        [this.#skippedFrames, 'of video without one keyframe'],
        [this.unsupportedFrames, 'of tracks that MP4 cannot carry'],
      ],
      advice: 'MkvFileSink takes every frame',
    })
  }

  async #begin(step: BeginStep): Promise<void> {
    if (step.reason !== 'first') await this.#finishFile(step.reason)
    const file = await Mp4File.open(this.#names.next(step), step.tracks, await loadMediabunny('Mp4FileSink'))
    this.#open = { file, startedAt: step.startedAt, durationMs: 0, frames: 0 }
  }

  async #finishFile(reason: Mp4FileReport['reason']): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    const { file, startedAt, durationMs, frames } = open
    if (frames === 0) {
      await file.discard()
      return
    }
    await file.finish()
    const { path, bytes, skippedFrames } = file
    const report: Mp4FileReport = { path, startedAt, durationMs, frames, skippedFrames, bytes, reason }
    this.emit('file', report)
  }
}
