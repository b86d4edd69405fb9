import { join } from 'node:path'
import { Writable } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { AtomicFile } from '../shared/atomic-file.ts'
import { FileNames } from '../shared/file-names.ts'
import { OutputError } from '../shared/output-error.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'
import { withExif } from './jpeg.ts'
import { KeyframePicker, type KeyframePickerOptions, type KeyframeSample } from './keyframe-picker.ts'
import { checkCodec, type Picture, PictureFailure, type PictureOptions, pictureOf } from './picture.ts'

export type SnapshotWriterOptions = KeyframePickerOptions & {
  /** Where the files go; made if it is not there. */
  readonly directory: string
  /**
   * Names of the files, in `directory`: `{time}` is the frame's time by the producer's clock (`20171128T065508.513Z`),
   * `{date}` its day, `{fragment}` its fragment's number, `{index}` a count from 0001. The second of a name gets `-2`.
   * @default '{time}.jpg'
   */
  readonly path?: string
  /** ffmpeg's `-q:v`: 2 is best, 31 smallest. @default 3 */
  readonly quality?: number
  /** The program: a name that is looked up in PATH, or a path. @default 'ffmpeg' */
  readonly ffmpegPath?: string
  /** A picture that takes ffmpeg longer has failed. @default 30000 */
  readonly timeoutMs?: number
  /** Destroys the writer when it fires, with `AbortError`; ffmpeg is killed. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<SnapshotWriterOptions>({
  everyMs: true,
  everyNth: true,
  track: true,
  directory: true,
  path: true,
  quality: true,
  ffmpegPath: true,
  timeoutMs: true,
  signal: true,
})

/** `file`: a picture has its name. */
export type SnapshotReport = {
  readonly path: string
  readonly wallClock: Date | null
  readonly timestampMs: number
  readonly fragmentNumber: string | null
  readonly bytes: number
}

/** `snapshot-failed`: this keyframe gave no picture. */
export type SnapshotFailure = Omit<SnapshotReport, 'path' | 'bytes'> & { readonly error: OutputError }

type Callback = (error?: Error | null) => void

const DEFAULT_EVERY_MS = 10_000
/** If so many fail and not one works, none will. */
const MOST_FAILURES_AT_FIRST = 10

/**
 * A Writable of `FragmentEvent`s that makes JPEG files of keyframes, as `KeyframeSampler` picks them: every 10 s unless told
 * otherwise. H.264 and H.265 are decoded by the user's own ffmpeg, one picture at a time; MJPEG is written as it came. EXIF
 * A turn that the track asks for by quarters is done by ffmpeg; for MJPEG, EXIF tells viewers of it. EXIF
 * tells the time of the frame by the producer's clock, to the millisecond, and its track and fragment. A file gets its name
 * when it is whole.
 *
 * Emits `file` (`SnapshotReport`). A keyframe of which no picture can be made is told by `snapshot-failed`
 * (`SnapshotFailure`) and counted in `failedSnapshots`, and the stream goes on. Fails with `OutputError` where ffmpeg is not
 * there, where the first 10 keyframes or all of the stream's give no picture, where frames came and no keyframe, for a track that is not there, encrypted, or of
 * another codec; with `OptionError`, the file system's errors and `AbortError`.
 *
 * Memory: 16 events, a frame, and its picture, up to 64 MiB; and ffmpeg's own.
 *
 * ```ts
 * const snapshots = new SnapshotWriter({ directory: 'door', everyMs: 60_000 })
 * snapshots.on('file', ({ path, wallClock }) => console.log(path, wallClock))
 * await pipeline(getMedia({ streamName: 'door' }), snapshots)
 * ```
 */
export class SnapshotWriter extends Writable {
  readonly #directory: string
  readonly #names: FileNames
  readonly #picker: KeyframePicker
  readonly #pictureOptions: PictureOptions
  readonly #queue = new WriteQueue()
  readonly #destroyed = new AbortController()
  #unfollow: () => void = () => {}
  #files = 0
  #failedSnapshots = 0
  #lastFailure: PictureFailure | undefined

  constructor(options: SnapshotWriterOptions) {
    knownOptions('SnapshotWriter', options, OPTIONS)
    super({ objectMode: true, highWaterMark: 16 })
    const { directory, path = '{time}.jpg', ffmpegPath = 'ffmpeg', everyMs, everyNth, track } = options
    if (typeof directory !== 'string' || directory === '')
      throw new OptionError('directory', 'be a path', directory)
    if (typeof ffmpegPath !== 'string' || ffmpegPath === '')
      throw new OptionError('ffmpegPath', 'be a program', ffmpegPath)
    this.#directory = directory
    this.#names = new FileNames('path', path)
    this.#picker = new KeyframePicker('SnapshotWriter', {
      everyMs: everyMs ?? (everyNth === undefined ? DEFAULT_EVERY_MS : undefined),
      everyNth,
      track,
    })
    this.#pictureOptions = {
      ffmpegPath,
      quality: numberOption('quality', options.quality, 3, { min: 2, max: 31, integer: true }),
      timeoutMs: numberOption('timeoutMs', options.timeoutMs, 30_000, { min: 1, integer: true }),
      signal: this.#destroyed.signal,
    }
    this.#unfollow = followSignal('SnapshotWriter', this, options.signal)
  }

  /** Keyframes of which no picture could be made. */
  get failedSnapshots(): number {
    return this.#failedSnapshots
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('SnapshotWriter', event, callback)) return
    let sample: KeyframeSample | undefined
    try {
      sample = this.#picker.push(event)
      if (sample !== undefined) checkCodec(sample.track)
    } catch (error) {
      callback(error as Error)
      return
    }
    if (sample === undefined) callback()
    else this.#queue.run(() => this.#take(sample), callback)
  }

  override _final(callback: Callback): void {
    const failure = this.#files === 0 ? this.#lastFailure : undefined
    try {
      if (failure !== undefined) throw this.#nothingWorked(failure)
      this.#picker.checkPicked()
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    this.#destroyed.abort()
    this.#queue.run(
      async () => {},
      () => callback(error),
    )
  }

  async #take(sample: KeyframeSample): Promise<void> {
    let picture: Picture
    try {
      picture = await pictureOf(sample, this.#pictureOptions)
    } catch (error) {
      if (!(error instanceof PictureFailure)) throw error
      this.#fail(sample, error)
      return
    }
    await this.#write(sample, picture)
  }

  async #write(sample: KeyframeSample, { jpeg, facts, orientation }: Picture): Promise<void> {
    const { wallClock, timestampMs, fragmentNumber } = sample
    const takenAt = wallClock === null || Number.isNaN(wallClock.getTime()) ? null : wallClock
    const description = descriptionOf(sample)
    // A camera's own EXIF knows more, such as how it hangs.
    const pieces = facts.hasExif ? [jpeg] : withExif(jpeg, { ...facts, takenAt, description, orientation })
    const name = this.#names.next({ startedAt: takenAt, fragmentNumber })
    const file = await AtomicFile.open(join(this.#directory, name))
    try {
      await file.writeAll(pieces, 0)
    } catch (error) {
      await file.discard()
      throw error
    }
    await file.commit()
    this.#files++
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    const report: SnapshotReport = { path: file.path, wallClock: takenAt, timestampMs, fragmentNumber, bytes }
    this.emit('file', report)
  }

  #fail({ wallClock, timestampMs, fragmentNumber }: KeyframeSample, cause: PictureFailure): void {
    const problem = `no picture of the keyframe at ${timestampMs} ms of fragment ${fragmentNumber ?? 'without a number'}`
    const error = new OutputError('SnapshotWriter', `${problem}: ${cause.message}`, {
      cause,
      fragmentNumber: fragmentNumber ?? undefined,
    })
    this.#failedSnapshots++
    this.#lastFailure = cause
    this.emit('snapshot-failed', { wallClock, timestampMs, fragmentNumber, error } satisfies SnapshotFailure)
    if (this.#files === 0 && this.#failedSnapshots >= MOST_FAILURES_AT_FIRST) throw this.#nothingWorked(cause)
  }

  #nothingWorked(last: PictureFailure): OutputError {
    const problem = `none of ${this.#failedSnapshots} keyframes gave a picture`
    return new OutputError('SnapshotWriter', `${problem}; the last one: ${last.message}`, { cause: last })
  }
}

function descriptionOf({ track: { number, name }, fragmentNumber }: KeyframeSample): string {
  const track = name === undefined || name === '' ? `track ${number}` : `track ${number} ${name}`
  return fragmentNumber === null ? track : `${track}, fragment ${fragmentNumber}`
}
