import { Transform } from 'readable-stream'
import { knownOptions, optionNames } from '../../core/options.ts'
import type { FragmentEvent } from '../../get-media/events.ts'
import { refusesEvent } from '../../streams/check-input.ts'
import { followSignal } from '../shared/write-queue.ts'
import { KeyframePicker, type KeyframePickerOptions, type KeyframeSample } from './keyframe-picker.ts'

export type { KeyframeSample }

export type KeyframeSamplerOptions = KeyframePickerOptions & {
  /** Destroys the stage when it fires, with `AbortError`. */
  readonly signal?: AbortSignal
}

const OPTIONS = optionNames<KeyframeSamplerOptions>({
  everyMs: true,
  everyNth: true,
  track: true,
  signal: true,
})

type Callback = (error?: Error | null) => void

/**
 * `FragmentEvent`s in, `KeyframeSample`s out: keyframes of one video track, each with what a decoder needs to make a picture
 * of it alone. With `everyMs` the first keyframe in each so many milliseconds of the frames' own time, by their wall clock, or
 * by the segment's where there is none; a clock that goes back or jumps neither stops it nor floods it. With `everyNth` every
 * n-th keyframe. With neither, every keyframe. A keyframe can be decoded by itself according to its codec, whether or not
 * the container flags it: see `isRandomAccessPoint`.
 *
 * Fails with `OutputError` where the stream does not have the track, for an encrypted one, and where frames came and not one
 * keyframe; with `OptionError` and
 * `AbortError`. Memory: 16 events and 2 samples, whose frames are copies.
 *
 * ```ts
 * const samples = joinStages(getMedia({ streamName: 'door' }), new KeyframeSampler({ everyMs: 10_000 }))
 * for await (const { wallClock, frame, track } of samples) await classify(track, frame.data)
 * ```
 */
export class KeyframeSampler extends Transform {
  readonly #picker: KeyframePicker
  #unfollow: () => void = () => {}

  constructor(options: KeyframeSamplerOptions = {}) {
    knownOptions('KeyframeSampler', options, OPTIONS)
    super({ objectMode: true, writableHighWaterMark: 16, readableHighWaterMark: 2 })
    this.#picker = new KeyframePicker('KeyframeSampler', options)
    this.#unfollow = followSignal('KeyframeSampler', this, options.signal)
  }

  override _transform(event: FragmentEvent, _encoding: string, callback: Callback): void {
    if (refusesEvent('KeyframeSampler', event, callback)) return
    try {
      const sample = this.#picker.push(event)
      if (sample !== undefined) this.push(sample)
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  override _flush(callback: Callback): void {
    try {
      this.#picker.checkPicked()
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unfollow()
    super._destroy(error, callback)
  }
}
