import { OptionError } from '../../errors.ts'
import { knownOptions, numberOption, optionNames } from '../../options.ts'
import type { Fault } from '../faults.ts'
import { randomFrom } from './seeded-random.ts'

/** Faults by chance: the same seed gives the same faults, call after call. */
export type RandomFaultOptions = {
  readonly seed: number
  /** Share of the calls that go wrong, 0 to 1. @default 0.5 */
  readonly share?: number
  /** Kinds to choose from. @default all but `stall` and `drip`, which take time */
  readonly types?: readonly RandomFaultType[]
  /** Byte faults strike below this. @default 1_000_000 */
  readonly maxByte?: number
}

const OPTIONS = optionNames<RandomFaultOptions>({ seed: true, share: true, types: true, maxByte: true })

export type RandomFaultType = keyof typeof MAKERS

type Draw = (below: number) => number

const MAKERS = {
  reset: (draw, maxByte) => ({ type: 'reset', atByte: draw(maxByte) }),
  cut: (draw, maxByte) => ({ type: 'cut', atByte: draw(maxByte) }),
  'cut-in-block': draw => ({ type: 'cut-in-block', block: 1 + draw(100) }),
  end: (draw, maxByte) => ({ type: 'end', atByte: draw(maxByte) }),
  stall: (draw, maxByte) => ({ type: 'stall', atByte: draw(maxByte) }),
  drip: draw => ({ type: 'drip', bytesPerSecond: 1000 + draw(100_000) }),
  throttle: () => ({ type: 'throttle' }),
  exception: draw => ({ type: 'exception', errorType: ['InternalFailure', 'ServiceUnavailable'][draw(2)]! }),
  'error-tag': draw => ({ type: 'error-tag', id: [3002, 5000][draw(2)]!, afterFragments: draw(4) }),
} as const satisfies Record<string, (draw: Draw, maxByte: number) => Fault>

const QUICK: readonly RandomFaultType[] = [
  'reset',
  'cut',
  'cut-in-block',
  'end',
  'throttle',
  'exception',
  'error-tag',
]

/** Draws a fault, or none, for each call. */
export class RandomFaults {
  readonly #random: () => number
  readonly #share: number
  readonly #types: readonly RandomFaultType[]
  readonly #maxByte: number

  /** @throws OptionError */
  constructor(options: RandomFaultOptions, path = 'random') {
    knownOptions(`\`${path}\``, options, OPTIONS, `${path}.`)
    this.#random = randomFrom(numberOption(`${path}.seed`, options.seed ?? null, 0, { integer: true }))
    this.#share = numberOption(`${path}.share`, options.share, 0.5, { max: 1 })
    this.#maxByte = numberOption(`${path}.maxByte`, options.maxByte, 1_000_000, { min: 1, integer: true })
    this.#types = checkTypes(options.types ?? QUICK, `${path}.types`)
  }

  next(): Fault | undefined {
    // Each call draws the same number of times, so that one setting does not shift what another gives.
    const [isHit, kind, ...draws] = Array.from({ length: 4 }, this.#random) as [
      number,
      number,
      number,
      number,
    ]
    if (isHit >= this.#share) return undefined
    const type = this.#types[Math.floor(kind * this.#types.length)]!
    let drawn = 0
    return MAKERS[type](below => Math.floor(draws[drawn++]! * below), this.#maxByte)
  }
}

function checkTypes(types: readonly RandomFaultType[], path: string): readonly RandomFaultType[] {
  const isKnown = Array.isArray(types) && types.length > 0 && types.every(type => Object.hasOwn(MAKERS, type))
  if (!isKnown) throw new OptionError(path, `be a list of ${Object.keys(MAKERS).join(', ')}`, types)
  return types
}
