import { Writable } from 'readable-stream'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { FileNames } from '../shared/file-names.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import type { BeginStep } from '../shared/timeline/frame-placer.ts'
import { type RotateOptions, Rotation } from '../shared/timeline/rotation.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'
import { MkvFile } from './mkv-file.ts'
import { type MuxStep, SegmentMuxer } from './segment-muxer.ts'

export type { RotateOptions }

export type MkvFileSinkOptions = {
  /**
   * Where the file goes. In it `{time}` is its first frame's time by the producer's clock (`20171128T065508.513Z`), `{date}`
   * the day, `{fragment}` its first fragment's number and `{index}` a count from 0001. The second file of a name gets `-2`.
   */
  readonly path: string
  /** As of `MkvSegmentMerger`. @default 'keep' */
  readonly gaps?: 'keep' | 'close'
  /** When the tracks or their codec data change: a file of its own, a segment in the same file, or an `OutputError`. @default 'new-file' */
  readonly onTrackChange?: 'new-file' | 'new-segment' | 'error'
  /** Begins a new file at the first keyframe at which one of these is reached. @default never */
  readonly rotate?: RotateOptions
  /** Destroys the sink when it fires, with `AbortError`; the file so far is kept. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<MkvFileSinkOptions>({
  path: true,
  gaps: true,
  onTrackChange: true,
  rotate: true,
  signal: true,
})

/** `file`: a file has its name. */
export type MkvFileReport = {
  readonly path: string
  /** Wall-clock time of its first frame. */
  readonly startedAt: Date | null
  readonly durationMs: number
  readonly frames: number
  readonly bytes: number
  /** Why it ended: the stream did, it was long enough, the tracks changed, or the sink was destroyed or could not write. */
  readonly reason: 'end' | 'rotation' | 'tracks' | 'cut'
}

const ADVICE = '`getmedia inspect` shows what the stream holds'

type Callback = (error?: Error | null) => void
type OpenFile = { readonly file: MkvFile; readonly startedAt: Date | null }

const TRACK_CHANGES = { 'new-file': 'restart', 'new-segment': 'continue', error: 'error' } as const

/**
 * A Writable of `FragmentEvent`s that makes Matroska files as `MkvSegmentMerger` does, with what a file has beyond that:
 * cues, a SeekHead, durations and sizes. A file is written under a temporary name beside its own, and gets its name when it
 * is whole; also when the stream fails or the sink is destroyed, with what came until then: by `close`, for which a
 * `pipeline` that fails does not wait. What a killed process leaves is `.NAME.PID-N.part`, which plays as far as it goes.
 *
 * Emits `file` (`MkvFileReport`) for each. Fails with `OptionError`, with `OutputError` as the merger does, with the file
 * system's errors, and with `AbortError`. Memory: 16 events, 256 KiB, what the merger holds, and 24 bytes for each cluster.
 *
 * ```ts
 * const sink = new MkvFileSink({ path: 'door-{time}.mkv', rotate: { everyMs: 3_600_000 } })
 * sink.on('file', ({ path, durationMs }) => console.log(path, durationMs))
 * await pipeline(getMedia({ streamName: 'door' }), sink)
 * ```
 */
export class MkvFileSink extends Writable {
  readonly #names: FileNames
  readonly #muxer: SegmentMuxer
  readonly #startsFiles: boolean
  readonly #queue = new WriteQueue()
  #unfollow: () => void = () => {}
  #open: OpenFile | undefined
  #writtenFrames = 0
  /** What comes now would have no place in the file. */
  #hasFailed = false

  constructor(options: MkvFileSinkOptions) {
    knownOptions('MkvFileSink', options, OPTIONS)
    const { path, gaps, onTrackChange, rotate, signal } = options
    super({ objectMode: true, highWaterMark: 16 })
    const change = choiceOption('onTrackChange', onTrackChange, 'new-file', [
      'new-file',
      'new-segment',
      'error',
    ])
    this.#startsFiles = change === 'new-file'
    this.#names = new FileNames('path', path)
    this.#muxer = new SegmentMuxer({
      gaps: choiceOption('gaps', gaps, 'keep', ['keep', 'close']),
      onTrackChange: TRACK_CHANGES[change],
      rotation: rotate === undefined ? undefined : new Rotation(rotate),
    })
    this.#unfollow = followSignal('MkvFileSink', this, signal)
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('MkvFileSink', event, callback)) return
    let pending: Promise<void> | undefined
    try {
      pending = this.#apply(this.#muxer.push(event))
    } catch (error) {
      callback(error as Error)
      return
    }
    // Most events are only gathered in memory: a promise for each would cost more than the muxing.
    if (pending === undefined) {
      callback()
      return
    }
    const wait = pending
    // Its failure reaches the callback, which may come after work that is in progress.
    wait.catch(() => {})
    this.#queue.run(() => wait, callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(async () => {
      await this.#end('end')
      const { receivedFrames: received } = this.#muxer
      checkFramesWritten('MkvFileSink', { received, written: this.#writtenFrames, advice: ADVICE })
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
      if (!this.#hasFailed) await this.#apply(this.#muxer.end())
    } finally {
      await this.#finishFile(reason)
    }
  }

  /** A promise only where a step has to wait for the file. */
  #apply(steps: readonly MuxStep[], from = 0): Promise<void> | undefined {
    for (let index = from; index < steps.length; index++) {
      const pending = this.#take(steps[index]!)
      if (pending !== undefined) return this.#applyAfter(pending, steps, index + 1)
    }
    return undefined
  }

  async #applyAfter(pending: Promise<void>, steps: readonly MuxStep[], from: number): Promise<void> {
    try {
      await pending
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
    await this.#apply(steps, from)
  }

  #take(step: MuxStep): Promise<void> | undefined {
    if (step.type === 'begin') return this.#beginSegment(step)
    if (step.type === 'cluster') return this.#open!.file.beginCluster(step.timeMs)
    this.#writtenFrames++
    return this.#open!.file.addBlock(step)
  }

  async #beginSegment(step: BeginStep): Promise<void> {
    const { reason, startedAt } = step
    if (reason === 'rotation' || (reason === 'tracks' && this.#startsFiles)) await this.#finishFile(reason)
    if (this.#open === undefined) {
      const file = await MkvFile.open(this.#names.next(step))
      this.#open = { file, startedAt }
    }
    await this.#open.file.beginSegment(step)
  }

  async #finishFile(reason: MkvFileReport['reason']): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    const { file, startedAt } = open
    const { failure, ...end } = await file.finish()
    const report: MkvFileReport = {
      ...{ path: file.path, startedAt, ...end },
      reason: failure === undefined ? reason : 'cut',
    }
    if (end.frames > 0) this.emit('file', report)
    if (failure !== undefined) throw failure
  }
}
