import { Transform } from 'readable-stream'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import { largerPieces } from '../shared/larger-pieces.ts'
import type { FramePlacer } from '../shared/timeline/frame-placer.ts'
import { followSignal } from '../shared/write-queue.ts'
import { Chunker } from './chunker.ts'
import { FragmentedMp4, type Mp4Piece } from './fragmented-mp4.ts'
import { mp4Placer } from './mp4-placer.ts'
import type { UnsupportedTracks } from './unsupported-tracks.ts'

export type { UnsupportedTracks }

export type Mp4RemuxerOptions = {
  /**
   * What happens to moments that nobody sent, as of `MkvSegmentMerger`. The default is not its: a browser that plays a
   * live stream stops at a gap.
   * @default 'close'
   */
  readonly gaps?: 'keep' | 'close'
  /**
   * When the tracks or their codec data change: another header in the stream, which Media Source Extensions take and files
   * do not, or an `OutputError`.
   * @default 'new-header'
   */
  readonly onTrackChange?: 'new-header' | 'error'
  /** A track that MP4 cannot carry: an `OutputError`, or the others are written alone. @default 'error' */
  readonly onUnsupportedTrack?: UnsupportedTracks
  /**
   * A movie fragment ends after so many milliseconds, at the next picture that is shown after all that came; with its
   * Kinesis Video fragment in any case, and before a keyframe.
   * @default 1000
   */
  readonly chunkMs?: number
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<Mp4RemuxerOptions>({
  gaps: true,
  onTrackChange: true,
  onUnsupportedTrack: true,
  chunkMs: true,
  signal: true,
})

/** `header`: what follows is of this kind. */
export type Mp4HeaderEvent = {
  /** For a SourceBuffer: `video/mp4; codecs="avc1.42C016,mp4a.40.2"`. */
  readonly mimeType: string
  /** Wall-clock time of what the output's time zero, or this header's first frame, is. */
  readonly startedAt: Date | null
}

type Callback = (error?: Error | null) => void

/**
 * `FragmentEvent`s in, bytes out: fragmented MP4 (CMAF) of H.264, H.265, AAC, Opus and PCM, for Media Source Extensions,
 * pipes and players that are to begin before the end is known. Frames are bit for bit, but for start codes that become
 * lengths; those without a byte, which players refuse, are left out. Times rise from zero, of video in milliseconds and of audio to the sample. Cut off at any byte, it plays up to
 * the last movie fragment.
 *
 * Emits `header` (`Mp4HeaderEvent`) before the bytes of each header. Needs the package `mediabunny`. Fails with
 * `OutputError` for a track that MP4 cannot carry, a frame of a track that its fragment does not declare, a change of
 * tracks where that is asked for, and where frames came and not one was written.
 *
 * Memory: 8 events, one movie fragment (up to 8 MiB and a frame), and what `MkvSegmentMerger` holds at a joint.
 *
 * ```ts
 * await pipeline(getMedia({ streamName: 'door' }), new Mp4Remuxer(), response)
 * ```
 * Follows ISO/IEC 14496-12 and 14496-15. For files that are done, see `Mp4FileSink`.
 */
export class Mp4Remuxer extends Transform {
  readonly #placer: FramePlacer
  readonly #mp4: FragmentedMp4
  #writtenFrames = 0
  #unfollow: () => void = () => {}

  constructor(options: Mp4RemuxerOptions = {}) {
    knownOptions('Mp4Remuxer', options, OPTIONS)
    super({ writableObjectMode: true, writableHighWaterMark: 8, readableHighWaterMark: 64 * 1024 })
    const onTrackChange = choiceOption('onTrackChange', options.onTrackChange, 'new-header', [
      'new-header',
      'error',
    ])
    this.#placer = mp4Placer(options, {
      output: 'Mp4Remuxer',
      gaps: 'close',
      onTrackChange: onTrackChange === 'error' ? 'error' : 'continue',
    })
    const chunkMs = numberOption('chunkMs', options.chunkMs, 1000, { min: 1 })
    this.#mp4 = new FragmentedMp4('Mp4Remuxer', new Chunker(this.#placer, chunkMs))
    this.#unfollow = followSignal('Mp4Remuxer', this, options.signal)
  }

  /** Frames of tracks that MP4 cannot carry, left out because of `onUnsupportedTrack: 'leave-out'`. */
  get unsupportedFrames(): number {
    return this.#placer.unselectedFrames
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('Mp4Remuxer', event, callback)) return
    this.#run(() => this.#mp4.push(event), callback)
  }

  override _flush(callback: Callback): void {
    this.#run(
      () => this.#mp4.end(),
      error => {
        if (error || this.destroyed) callback(error)
        else this.#endWritten(callback)
      },
    )
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    super._destroy(error, callback)
  }

  #endWritten(callback: Callback): void {
    try {
      checkFramesWritten('Mp4Remuxer', {
        received: this.#placer.receivedFrames,
        written: this.#writtenFrames,
        unwritten: [[this.unsupportedFrames, 'of tracks that MP4 cannot carry']],
        advice: 'MkvSegmentMerger takes every frame',
      })
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  #run(work: () => AsyncIterable<Mp4Piece> | undefined, callback: Callback): void {
    let pieces: AsyncIterable<Mp4Piece> | undefined
    try {
      pieces = work()
    } catch (error) {
      callback(error as Error)
      return
    }
    if (pieces === undefined) callback()
    else this.#give(pieces).then(() => callback(), callback)
  }

  async #give(pieces: AsyncIterable<Mp4Piece>): Promise<void> {
    for await (const piece of pieces) {
      if (this.destroyed) return
      if (piece.type === 'header') {
        const { mimeType, startedAt } = piece
        const event: Mp4HeaderEvent = { mimeType, startedAt }
        this.emit('header', event)
        this.push(piece.bytes)
      } else {
        if (piece.pieces.length > 0) this.#writtenFrames += piece.chunk.frames.length
        for (const bytes of largerPieces(piece.pieces)) this.push(bytes)
      }
    }
  }
}
