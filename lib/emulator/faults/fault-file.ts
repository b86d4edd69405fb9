import { OptionError } from '../../core/errors.ts'
import type { PlannedFault } from './faults.ts'
import type { RandomFaultOptions } from './random-faults.ts'

/** Faults by chance for one operation, or a list of these for several. */
type RandomFaults = RandomFaultOptions | readonly RandomFaultOptions[]

/** A plan of faults as JSON: for each stream, by `NAME` or `REGION/NAME`, a list that is used up, and faults by chance after it. */
export type FaultFile = Readonly<
  Record<string, { readonly faults?: readonly PlannedFault[]; readonly random?: RandomFaults }>
>

/** Reads a plan. The faults themselves are checked where they are planned. @throws OptionError */
export function parseFaultFile(text: string): FaultFile {
  const plan = parse(text)
  if (!isRecord(plan)) throw new OptionError('faults', 'be a JSON object with an entry for each stream', plan)
  for (const [stream, entry] of Object.entries(plan)) {
    if (!isRecord(entry))
      throw new OptionError(`faults.${stream}`, 'be an object with `faults`, `random`, or both', entry)
    const unknown = Object.keys(entry).find(name => name !== 'faults' && name !== 'random')
    if (unknown !== undefined)
      throw new OptionError(
        `faults.${stream}.${unknown}`,
        'be absent: there are `faults` and `random`',
        entry[unknown],
      )
    if (entry.faults !== undefined && !Array.isArray(entry.faults)) {
      throw new OptionError(`faults.${stream}.faults`, 'be a list', entry.faults)
    }
    const { random } = entry
    const isRandom =
      random === undefined || isRecord(random) || (Array.isArray(random) && random.every(isRecord))
    if (!isRandom) throw new OptionError(`faults.${stream}.random`, 'be an object, or a list of them', random)
  }
  return plan as FaultFile
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OptionError('faults', `be JSON (${(error as Error).message})`, text)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
