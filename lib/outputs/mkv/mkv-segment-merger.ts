import { Transform } from 'readable-stream'
import { choiceOption, knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { ELEMENT_IDS as ID } from '../../matroska/schema/elements.ts'
import { uint } from '../../matroska/writer/writer.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { checkFramesWritten } from '../shared/frames-written.ts'
import { largerPieces } from '../shared/larger-pieces.ts'
import { followSignal } from '../shared/write-queue.ts'
import { ebmlHeader, infoElement, openHead, tracksElement } from './document-head.ts'
import { type MuxStep, SegmentMuxer } from './segment-muxer.ts'

export type MkvSegmentMergerOptions = {
  /**
   * What happens to moments that nobody sent. `keep`: the output has nothing there for as long. `close`: it goes on at once.
   * Where timestamps repeat or go back, the producer's clock, or else the service's, tells how long the gap was.
   * @default 'keep'
   */
  readonly gaps?: 'keep' | 'close'
  /**
   * When the tracks or their codec data change: a new segment behind the others, with its own header and on the same
   * timeline, or an `OutputError`. Most players stop at a second segment; `MkvFileSink` can begin a new file.
   * @default 'new-segment'
   */
  readonly onTrackChange?: 'new-segment' | 'error'
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<MkvSegmentMergerOptions>({ gaps: true, onTrackChange: true, signal: true })

type Callback = (error?: Error | null) => void

/**
 * `FragmentEvent`s in, bytes out: one Matroska document of many fragments, that plays from its first byte on and, cut
 * off at any byte, up to there. One header while the tracks and their codec data stay the same, with all that was sent of
 * them; frames bit for bit but for ADTS headers, in SimpleBlocks or, for a duration or additions of their own, BlockGroups, those of a lace singly; timestamps that repeat, go back or jump joined into one rising timeline, which
 * begins at zero. Segment and clusters have unknown sizes, so that each block leaves at once and the target need not seek.
 *
 * Times are in whole milliseconds. Without a frame there is not a byte. Fails with `OutputError` for a frame of a track
 * that its fragment does not declare, and for a change of tracks where that is asked for.
 *
 * Memory: 8 events, and where an output begins or timestamps do not follow on, up to 256 frames or 16 MiB of one fragment.
 *
 * ```ts
 * await pipeline(getMedia({ streamName: 'door' }), new MkvSegmentMerger(), createWriteStream('door.mkv'))
 * ```
 * Follows RFC 9559. Does what the AWS parser library's OutputSegmentMerger does.
 */
export class MkvSegmentMerger extends Transform {
  readonly #muxer: SegmentMuxer
  #writtenFrames = 0
  #unfollow: () => void = () => {}

  constructor(options: MkvSegmentMergerOptions = {}) {
    knownOptions('MkvSegmentMerger', options, OPTIONS)
    super({ writableObjectMode: true, writableHighWaterMark: 8, readableHighWaterMark: 64 * 1024 })
    const onTrackChange = choiceOption('onTrackChange', options.onTrackChange, 'new-segment', [
      'new-segment',
      'error',
    ])
    this.#muxer = new SegmentMuxer({
      gaps: choiceOption('gaps', options.gaps, 'keep', ['keep', 'close']),
      onTrackChange: onTrackChange === 'error' ? 'error' : 'continue',
    })
    this.#unfollow = followSignal('MkvSegmentMerger', this, options.signal)
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('MkvSegmentMerger', event, callback)) return
    this.#give(() => this.#muxer.push(event), callback)
  }

  override _flush(callback: Callback): void {
    this.#give(
      () => this.#muxer.end(),
      error => {
        if (error) callback(error)
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
      const { receivedFrames: received } = this.#muxer
      checkFramesWritten('MkvSegmentMerger', { received, written: this.#writtenFrames, advice: ADVICE })
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  #give(work: () => MuxStep[], callback: Callback): void {
    try {
      const steps = work()
      for (const { type } of steps) if (type === 'block') this.#writtenFrames++
      for (const bytes of largerPieces(steps.flatMap(bytesOf))) this.push(bytes)
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }
}

const ADVICE = '`getmedia inspect` shows what the stream holds'

function bytesOf(step: MuxStep): readonly Uint8Array[] {
  switch (step.type) {
    case 'begin':
      return [
        ebmlHeader(),
        openHead(ID.Segment),
        infoElement(step.startedAt).bytes,
        tracksElement(step.tracks),
      ]
    case 'cluster':
      return [openHead(ID.Cluster), uint(ID.Timestamp, step.timeMs)]
    case 'block':
      return step.pieces
  }
}
