import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Writable } from 'readable-stream'
import { OptionError } from '../errors.ts'
import { choiceOption, numberOption } from '../options.ts'
import type { FragmentEvent } from '../stages/events.ts'
import { AtomicFile } from './atomic-file.ts'
import { Playlist, type Segment } from './hls/playlist.ts'
import { SegmentFile } from './hls/segment-file.ts'
import { Chunker } from './mp4/chunker.ts'
import { FragmentedMp4, type Mp4Piece } from './mp4/fragmented-mp4.ts'
import { selectTracks } from './mp4/mp4-track.ts'
import type { UnsupportedTracks } from './mp4/unsupported-tracks.ts'
import { FramePlacer } from './timeline/frame-placer.ts'
import { followSignal, WriteQueue } from './write-queue.ts'

export type HlsWriterOptions = {
  /** Where `index.m3u8`, the headers and the segments go; made if it is not there. It should hold nothing else. */
  readonly directory: string
  /**
   * A segment ends with the first fragment, or before the first keyframe, at which it has lasted so long, in milliseconds.
   * @default 4000
   */
  readonly segmentMs?: number
  /** A live playlist, of so many of the latest segments; older files are removed. @default all are kept and listed */
  readonly windowSegments?: number
  /** As of `Mp4Remuxer`: `close`, since players wait at a gap. The dates in the playlist tell of it. @default 'close' */
  readonly gaps?: 'keep' | 'close'
  /** A track that MP4 cannot carry: an `OutputError`, or the others are written alone. @default 'error' */
  readonly onUnsupportedTrack?: UnsupportedTracks
  /** Destroys the writer when it fires, with `AbortError`; what is there stays, and the playlist is ended. */
  readonly signal?: AbortSignal
}

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

const PLAYLIST = 'index.m3u8'
/** Movie fragments of a segment; a bound for memory where keyframes are far apart. */
const CHUNK_MS = 1000

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
  readonly #directory: string
  readonly #segmentMs: number
  readonly #windowSegments: number | undefined
  readonly #mp4: FragmentedMp4
  readonly #playlist: Playlist
  readonly #queue = new WriteQueue()
  #unfollow: () => void = () => {}
  #inits = 0
  #initUri = ''
  #segments = 0
  #open: SegmentFile | undefined
  /** Segments that are no longer listed; players may still be reading them. */
  #unlisted: Segment[] = []
  #isOver = false

  constructor(options: HlsWriterOptions) {
    super({ objectMode: true, highWaterMark: 16 })
    const { directory, windowSegments, signal } = options
    if (typeof directory !== 'string' || directory === '') {
      throw new OptionError('directory', 'be a path', directory)
    }
    this.#directory = directory
    this.#segmentMs = numberOption('segmentMs', options.segmentMs, 4000, { min: 1 })
    this.#windowSegments =
      windowSegments === undefined
        ? undefined
        : // A player starts three segments from the end (RFC 8216, section 6.3.3).
          numberOption('windowSegments', windowSegments, 6, { min: 3, integer: true })
    const unsupported = choiceOption('onUnsupportedTrack', options.onUnsupportedTrack, 'error', [
      'error',
      'leave-out',
    ])
    const placer = new FramePlacer({
      output: 'HlsWriter',
      gaps: choiceOption('gaps', options.gaps, 'close', ['keep', 'close']),
      onTrackChange: 'continue',
      select: tracks => selectTracks('HlsWriter', tracks, unsupported),
    })
    this.#mp4 = new FragmentedMp4('HlsWriter', new Chunker(placer, CHUNK_MS))
    this.#playlist = new Playlist({ windowSegments: this.#windowSegments, segmentMs: this.#segmentMs })
    this.#unfollow = followSignal('HlsWriter', this, signal)
  }

  override _write(event: FragmentEvent, _encoding: string, callback: Callback): void {
    this.#queue.run(() => this.#write(this.#mp4.push(event)), callback)
  }

  override _final(callback: Callback): void {
    this.#queue.run(() => this.#end(), callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    this.#queue.run(
      () => this.#end(),
      later => callback(error ?? later ?? null),
    )
  }

  async #write(pieces: AsyncIterable<Mp4Piece> | undefined): Promise<void> {
    for await (const piece of pieces ?? []) {
      if (piece.type === 'header') await this.#beginHeader(piece.bytes)
      else await this.#addChunk(piece)
    }
  }

  async #beginHeader(bytes: Uint8Array): Promise<void> {
    await this.#finishSegment()
    this.#initUri = `init-${++this.#inits}.mp4`
    await this.#writeWhole(this.#initUri, bytes)
  }

  async #addChunk({ chunk, pieces }: Mp4Piece & { type: 'chunk' }): Promise<void> {
    if (chunk.startsWithKeyframe && this.#isLongEnough()) await this.#finishSegment()
    if (this.#open === undefined) {
      const name = `segment-${String(++this.#segments).padStart(6, '0')}.m4s`
      this.#open = await SegmentFile.open(join(this.#directory, name), chunk)
    }
    await this.#open.add(chunk, pieces)
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
    await open.finish()
    const { path, durationMs, startedAt, startsWithKeyframe, bytes } = open
    const segment = { uri: basename(path), initUri: this.#initUri, durationMs, startedAt, startsWithKeyframe }
    this.#unlisted.push(...this.#playlist.add(segment))
    await this.#writePlaylist()
    const report: HlsSegmentReport = { path, durationMs, startedAt, bytes }
    this.emit('segment', report)
    await this.#removeOld()
  }

  /** As long again as a playlist lasts, a segment stays that is no longer in it (RFC 8216, section 6.2.2). */
  async #removeOld(): Promise<void> {
    while (this.#unlisted.length > (this.#windowSegments ?? 0) + 1) {
      const { uri } = this.#unlisted.shift()!
      await rm(join(this.#directory, uri), { force: true })
    }
  }

  async #writePlaylist(): Promise<void> {
    await this.#writeWhole(PLAYLIST, Buffer.from(this.#playlist.toString()))
    const path = join(this.#directory, PLAYLIST)
    const report: HlsPlaylistReport = { path, segments: this.#playlist.length, ended: this.#isOver }
    this.emit('playlist', report)
  }

  async #writeWhole(name: string, bytes: Uint8Array): Promise<void> {
    const file = await AtomicFile.open(join(this.#directory, name))
    await file.writeAll([bytes], 0)
    await file.commit()
  }

  async #end(): Promise<void> {
    if (this.#isOver) return
    try {
      await this.#write(this.#mp4.end())
    } finally {
      await this.#finishSegment()
      this.#isOver = true
      if (this.#playlist.length > 0) {
        this.#playlist.end()
        await this.#writePlaylist()
      }
    }
  }
}
