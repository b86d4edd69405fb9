import { OptionError } from '../../../core/errors.ts'
import { knownOptions, numberOption, optionNames } from '../../../core/options.ts'

/** When a file is long enough; whichever comes first. The next file begins with the next keyframe. */
export type RotateOptions = {
  /** Milliseconds of media in a file. */
  readonly everyMs?: number | undefined
  /** Bytes of frames in a file. */
  readonly bytes?: number | undefined
  /** Fragments in a file. */
  readonly fragments?: number | undefined
}

const OPTIONS = optionNames<RotateOptions>({ everyMs: true, bytes: true, fragments: true })

/** Counts what the file under way holds. */
export class Rotation {
  readonly #everyMs: number
  readonly #mostBytes: number
  readonly #mostFragments: number
  #bytes = 0
  #fragments = 0
  /** A fragment has begun that the file may or may not come to hold. */
  #isFragmentNew = false

  constructor(options: RotateOptions) {
    knownOptions('`rotate`', options, OPTIONS, 'rotate.')
    const { everyMs, bytes, fragments } = options
    if (everyMs === undefined && bytes === undefined && fragments === undefined) {
      throw new OptionError('rotate', 'have everyMs, bytes or fragments', options)
    }
    const none = Number.POSITIVE_INFINITY
    this.#everyMs = numberOption('rotate.everyMs', everyMs, none, { min: 1 })
    this.#mostBytes = numberOption('rotate.bytes', bytes, none, { min: 1 })
    this.#mostFragments = numberOption('rotate.fragments', fragments, none, { min: 1, integer: true })
  }

  /** A file begins. */
  begin(): void {
    this.#bytes = 0
    this.#fragments = 1
    this.#isFragmentNew = false
  }

  countFragment(): void {
    this.#isFragmentNew = true
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes
    if (!this.#isFragmentNew) return
    this.#isFragmentNew = false
    this.#fragments++
  }

  /** Whether a keyframe that would come so far into the file begins the next one. */
  isDue(timeMs: number): boolean {
    if (timeMs >= this.#everyMs || this.#bytes >= this.#mostBytes) return true
    return this.#isFragmentNew && this.#fragments >= this.#mostFragments
  }
}
