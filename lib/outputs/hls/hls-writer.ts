import { basename } from 'node:path'
import { Writable } from 'readable-stream'
import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { Playlist } from '../../hls/playlist.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { Chunker } from '../mp4/chunker.ts'
import { FragmentedMp4, type Mp4Piece } from '../mp4/fragmented-mp4.ts'
import { mp4Placer } from '../mp4/mp4-placer.ts'
import type { UnsupportedTracks } from '../mp4/unsupported-tracks.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import type { FramePlacer } from '../shared/timeline/frame-placer.ts'
import { followSignal, WriteQueue } from '../shared/write-queue.ts'
import { HlsDirectory } from './hls-directory.ts'
import { RetiredFiles } from './retired-files.ts'
import { SegmentFile } from './segment-file.ts'

export type HlsWriterOptions = {
  /** Where `index.m3u8`, the headers and the segments go; made if it is not there. It should hold nothing else. */
  readonly directory: string
  /**
   * A segment ends with the first fragment, or before the first keyframe, at which it has lasted so long, in milliseconds.
   * @default 4000
   */
  readonly segmentMs?: number
  /**
   * A live playlist, of so many of the latest segments, or of three target durations where these are more; older files are
   * removed. @default all are kept and listed
   */
  readonly windowSegments?: number
  /**
   * Where the directory holds a playlist and segments of an earlier writer: goes on with them, behind a discontinuity, as
   * players want it that are watching while a process starts again; or removes them.
   * @default 'continue' with windowSegments, else 'replace'
   */
  readonly onExisting?: 'continue' | 'replace'
  /** As of `Mp4Remuxer`: `close`, since players wait at a gap. The dates in the playlist tell of it. @default 'close' */
  readonly gaps?: 'keep' | 'close'
  /** A track that MP4 cannot carry: an `OutputError`, or the others are written alone. @default 'error' */
  readonly onUnsupportedTrack?: UnsupportedTracks
  /** Destroys the writer when it fires, with `AbortError`; what is there stays, and the playlist is ended. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<HlsWriterOptions>({
  directory: true,
  segmentMs: true,
  windowSegments: true,
  onExisting: true,
  gaps: true,
  onUnsupportedTrack: true,
  signal: true,
})

/** `segment`: a segment is there and in the playlist. */
export type HlsSegmentReport = {
  readonly path: string
  readonly durationMs: number
  /** Wall-clock time of its first moment, which is its `EXT-X-PROGRAM-DATE-TIME`. */
  readonly startedAt: Date | null
  readonly bytes: number
}

/** `playlist`: the playlist has been written, for the first time or again. */
export type HlsPlaylistReport = {
  readonly path: string
  /** Segments that it lists. */
  readonly segments: number
  /** Nothing is added any more. */
  readonly ended: boolean
}

type Callback = (error?: Error | null) => void

/** Movie fragments of a segment; a bound for memory where keyframes are far apart. */
const CHUNK_MS = 1000
/** Segments that are farther apart do not follow on; less is rounding, and sound that begins before the picture. */
const JITTER_MS = 100

/**
 * A Writable of `FragmentEvent`s that makes an HLS directory: a playlist, headers, and segments of fragmented MP4, as hls.js,
 * Safari and ffmpeg play them, while it grows as well as when it is done. Each segment has the producer's time as its
 * `EXT-X-PROGRAM-DATE-TIME`. Every file appears whole; the playlist is replaced at once. A change of tracks is a
 * discontinuity with a header of its own.
 *
 * When the stream ends, fails or is destroyed, the last segment is finished and the playlist ended (by `close`, for which a
 * `pipeline` that fails does not wait). Emits `segment` (`HlsSegmentReport`) and `playlist` (`HlsPlaylistReport`). Needs the
 * package `mediabunny`. Fails as `Mp4Remuxer` does, with `OptionError`, the file system's errors and `AbortError`.
 *
 * Memory: 16 events, one second of frames (up to 8 MiB and a frame), and the playlist.
 *
 * ```ts
 * await pipeline(getMedia({ streamName: 'door' }), new HlsWriter({ directory: 'public/door', windowSegments: 6 }))
 * ```
 * Follows RFC 8216 and ISO/IEC 23000-19 (CMAF).
 */
export class HlsWriter extends Writable {
  readonly #directory: HlsDirectory
  readonly #segmentMs: number
  readonly #windowSegments: number | undefined
  readonly #onExisting: 'continue' | 'replace'
  readonly #placer: FramePlacer
  readonly #mp4: FragmentedMp4
  #writtenFrames = 0
  readonly #queue = new WriteQueue()
  readonly #retired = new RetiredFiles()
  #unfollow: () => void = () => {}
  /** There with the first header; before that the directory is not touched. */
  #playlist: Playlist | undefined
  #initUri = ''
  #open: SegmentFile | undefined
  /** The next segment does not follow on. */
  #isDiscontinuous = false
  /** Where the last segment ends, by the playlist. */
  #toldMs: number | undefined
  #isOver = false

  constructor(options: HlsWriterOptions) {
    knownOptions('HlsWriter', options, OPTIONS)
    super({ objectMode: true, highWaterMark: 16 })
    const { directory, windowSegments, signal } = options
    if (typeof directory !== 'string' || directory === '') {
      throw new OptionError('directory', 'be a path', directory)
    }
    this.#directory = new HlsDirectory(directory)
    this.#segmentMs = numberOption('segmentMs', options.segmentMs, 4000, { min: 1 })
    this.#windowSegments =
      windowSegments === undefined
        ? undefined
        : // A player starts three segments from the end (RFC 8216, section 6.3.3).
          numberOption('windowSegments', windowSegments, 6, { min: 3, integer: true })
    const isLive = windowSegments !== undefined
    this.#onExisting = choiceOption('onExisting', options.onExisting, isLive ? 'continue' : 'replace', [
      'continue',
      'replace',
    ])
    this.#placer = mp4Placer(options, { output: 'HlsWriter', gaps: 'close', onTrackChange: 'continue' })
    this.#mp4 = new FragmentedMp4('HlsWriter', new Chunker(this.#placer, CHUNK_MS))
    this.#unfollow = followSignal('HlsWriter', this, signal)
  }

  /** Frames of tracks that MP4 cannot carry, left out because of `onUnsupportedTrack: 'leave-out'`. */
  get unsupportedFrames(): number {
    return this.#placer.unselectedFrames
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('HlsWriter', event, callback)) return
    this.#queue.run(() => this.#write(this.#mp4.push(event)), callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(async () => {
      await this.#end()
      checkFramesWritten('HlsWriter', {
        received: this.#placer.receivedFrames,
        written: this.#writtenFrames,
        unwritten: [[this.unsupportedFrames, 'of tracks that MP4 cannot carry']],
        advice: 'MkvFileSink takes every frame',
      })
    }, callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    this.#queue.run(
      () => this.#end(),
      later => callback(error ?? later ?? null),
    )
  }

  async #write(pieces: AsyncIterable<Mp4Piece> | undefined): Promise<void> {
    if (pieces === undefined) return
    for await (const piece of pieces) {
      if (piece.type === 'header') await this.#beginHeader(piece.bytes)
      else await this.#addChunk(piece)
    }
  }

  async #beginHeader(bytes: Uint8Array): Promise<void> {
    await this.#finishSegment()
    if (this.#playlist === undefined) this.#playlist = await this.#beginPlaylist()
    else this.#isDiscontinuous = true
    this.#initUri = await this.#directory.writeInit(bytes)
  }

  async #beginPlaylist(): Promise<Playlist> {
    const [windowSegments, segmentMs] = [this.#windowSegments, this.#segmentMs]
    if (this.#onExisting === 'replace') await this.#directory.clear()
    const earlier = await this.#directory.takeUp()
    const playlist = new Playlist({ windowSegments, segmentMs, earlier: earlier?.playlist })
    if (windowSegments !== undefined) this.#retired.addNames(earlier?.unlisted ?? [], playlist.durationMs)
    this.#isDiscontinuous = playlist.segments.length > 0
    return playlist
  }

  async #addChunk({ chunk, pieces }: Mp4Piece & { type: 'chunk' }): Promise<void> {
    if (chunk.startsWithKeyframe && this.#isLongEnough()) await this.#finishSegment()
    const open = this.#open
    if (open !== undefined && chunk.startMs > open.endMs + JITTER_MS) await this.#finishSegment()
    this.#open ??= await SegmentFile.open(this.#directory.nextSegment(), chunk)
    await this.#open.add(chunk, pieces)
    if (pieces.length > 0) this.#writtenFrames += chunk.frames.length
    // The next fragment may be long in coming, and begins with a keyframe.
    if (chunk.endsFragment && this.#isLongEnough()) await this.#finishSegment()
  }

  #isLongEnough(): boolean {
    return this.#open !== undefined && this.#open.durationMs >= this.#segmentMs
  }

  async #finishSegment(): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (!(await open.finish())) return
    const { path, startedAt, startsWithKeyframe, bytes } = open
    const durationMs = this.#tell(open)
    const playlist = this.#playlist!
    const listedMs = playlist.durationMs
    const [isDiscontinuous, initUri] = [this.#isDiscontinuous, this.#initUri]
    this.#isDiscontinuous = false
    const uri = basename(path)
    const left = playlist.add({ uri, initUri, durationMs, startedAt, startsWithKeyframe, isDiscontinuous })
    await this.#writePlaylist(playlist)
    const report: HlsSegmentReport = { path, durationMs, startedAt, bytes }
    this.emit('segment', report)
    this.#retired.pass(durationMs)
    for (const segment of left) this.#retired.add(segment, listedMs)
    const used = new Set([initUri, ...playlist.segments.map(segment => segment.initUri)])
    for (const name of this.#retired.takeDue(used)) await this.#directory.remove(name)
  }

  /**
   * How long a segment lasts: from where the one before ended, so that the durations sum up to the time that has passed,
   * though sound reaches over the end of the picture, and times are rounded.
   */
  #tell({ startMs, endMs }: SegmentFile): number {
    const follows = this.#toldMs !== undefined && startMs <= this.#toldMs + JITTER_MS
    if (this.#toldMs !== undefined && !follows) this.#isDiscontinuous = true
    const fromMs = follows ? this.#toldMs! : Math.round(startMs)
    this.#toldMs = Math.max(fromMs + 1, Math.round(endMs))
    return this.#toldMs - fromMs
  }

  async #writePlaylist(playlist: Playlist): Promise<void> {
    await this.#directory.writePlaylist(playlist.toString())
    const path = this.#directory.playlistPath
    const report: HlsPlaylistReport = { path, segments: playlist.segments.length, ended: this.#isOver }
    this.emit('playlist', report)
  }

  async #end(): Promise<void> {
    if (this.#isOver) return
    try {
      await this.#write(this.#mp4.end())
    } finally {
      await this.#finishSegment()
      this.#isOver = true
      if (this.#playlist !== undefined && this.#playlist.segments.length > 0) {
        this.#playlist.end()
        await this.#writePlaylist(this.#playlist)
      }
    }
  }
}
