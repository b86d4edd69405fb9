import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, numberOption, optionNames } from '../../core/options.ts'
import { FAULT_OPERATIONS, type FaultOperation } from './fault-operations.ts'
import { FAULTS } from './fault-table.ts'
import type { Fault, FaultType } from './faults.ts'
import { randomFrom } from './seeded-random.ts'

/** Faults by chance: the same seed gives the same faults, call after call. */
export type RandomFaultOptions = {
  readonly seed: number
  /** The operation whose calls go wrong. @default 'GetMedia' */
  readonly operation?: FaultOperation
  /** Share of the calls that go wrong, 0 to 1. @default 0.5 */
  readonly share?: number
  /**
   * Kinds to choose from. @default those that the operation has of `reset`, `cut`, `cut-in-block`, `end`,
   * `no-last-chunk`, `throttle`, `exception`, `error-tag` and `error-ack`
   */
  readonly types?: readonly RandomFaultType[]
  /** Byte faults strike below this. @default 1_000_000 */
  readonly maxByte?: number
}

export type RandomFaultType = FaultType

/** Draws a fault, or none, for each call. */
export class RandomFaults {
  /** The operation whose calls go wrong. */
  readonly operation: FaultOperation
  readonly #random: () => number
  readonly #share: number
  readonly #types: readonly RandomFaultType[]
  readonly #maxByte: number

  /** @throws OptionError */
  constructor(options: RandomFaultOptions, path = 'random') {
    knownOptions(`\`${path}\``, options, OPTION_NAMES, `${path}.`)
    this.#random = randomFrom(numberOption(`${path}.seed`, options.seed ?? null, 0, { integer: true }))
    this.#share = numberOption(`${path}.share`, options.share, 0.5, { max: 1 })
    this.#maxByte = numberOption(`${path}.maxByte`, options.maxByte, 1_000_000, { min: 1, integer: true })
    this.operation = choiceOption(`${path}.operation`, options.operation, 'GetMedia', FAULT_OPERATIONS)
    this.#types = chooseTypes(options.types, this.operation, `${path}.types`)
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
    return FAULTS[type].draw(below => Math.floor(draws[drawn++]! * below), this.#maxByte)
  }
}

const OPTION_NAMES = optionNames<RandomFaultOptions>({
  seed: true,
  operation: true,
  share: true,
  types: true,
  maxByte: true,
})

function chooseTypes(
  types: readonly RandomFaultType[] | undefined,
  operation: FaultOperation,
  path: string,
): readonly RandomFaultType[] {
  const possible = (Object.keys(FAULTS) as RandomFaultType[]).filter(type =>
    FAULTS[type].operations.includes(operation),
  )
  if (types === undefined) return possible.filter(type => FAULTS[type].isDrawnByDefault)
  const fits = Array.isArray(types) && types.length > 0 && types.every(type => possible.includes(type))
  if (!fits) throw new OptionError(path, `be a list of ${possible.join(', ')} for ${operation}`, types)
  return types
}
