import { type Clock, sleep } from '../../core/clock.ts'
import { AbortError, OptionError } from '../../core/errors.ts'
import { numberOption, optionNames } from '../../core/options.ts'
import type { MediaFragment } from './fragment.ts'
import type { FragmentTimecodeType } from './producer-clock.ts'

/** How media is fed in real time. */
export type LiveOptions = {
  /** Times faster than real time. @default 1 */
  readonly speed?: number
  /** Begins anew at the end, until stopped: `true`, or how often to play in all. @default false */
  readonly loop?: boolean | number
  /** When the producer began, for `RELATIVE`. @default now */
  readonly producerStart?: Date | number
  /** @default 'RELATIVE' */
  readonly fragmentTimecodeType?: FragmentTimecodeType
}

export const LIVE_OPTIONS = optionNames<LiveOptions>({
  ...{ speed: true, loop: true, producerStart: true, fragmentTimecodeType: true },
})

/** Media that is being fed to a stream. */
export class LivePlay {
  /** Resolves when the last fragment has appeared, or after `stop`. */
  readonly done: Promise<void>
  readonly #media: readonly MediaFragment[]
  readonly #clock: Clock
  readonly #speed: number
  readonly #rounds: number
  readonly #add: (fragment: MediaFragment) => void
  readonly #stopping = new AbortController()

  constructor(
    media: readonly MediaFragment[],
    options: LiveOptions,
    clock: Clock,
    add: (fragment: MediaFragment) => void,
  ) {
    const { speed, loop = false } = options
    this.#speed = numberOption('speed', speed, 1)
    if (this.#speed === 0) throw new OptionError('speed', 'be greater than 0', speed)
    const rounds = loop === true ? Number.POSITIVE_INFINITY : loop === false ? 1 : loop
    this.#rounds = numberOption('loop', rounds, 1, { min: 1 })
    this.#media = media
    this.#clock = clock
    this.#add = add
    this.done = this.#run()
  }

  /** Stops feeding; resolves when nothing more will appear. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.done
  }

  async #run(): Promise<void> {
    try {
      // What was lost to a late timer is made up for: each fragment has its own time, from the start.
      let dueMs = this.#clock.now()
      for (let round = 0; round < this.#rounds; round++) {
        for (const [index, fragment] of this.#media.entries()) {
          await sleep(Math.max(0, dueMs - this.#clock.now()), this.#clock, this.#stopping.signal)
          this.#add(fragment)
          dueMs += this.#untilNextMs(index) / this.#speed
        }
      }
    } catch (error) {
      if (!(error instanceof AbortError)) throw error
    }
  }

  #untilNextMs(index: number): number {
    const fragment = this.#media[index]!
    const next = this.#media[index + 1]
    const differenceMs = next === undefined ? 0 : next.timestampMs - fragment.timestampMs
    return differenceMs > 0 ? differenceMs : fragment.durationMs
  }
}
