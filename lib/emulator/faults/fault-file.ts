import { OptionError } from '../../errors.ts'
import type { Fault } from '../faults.ts'
import type { RandomFaultOptions } from './random-faults.ts'

/** A plan of faults as JSON: for each stream a list that is used up, and faults by chance after it. */
export type FaultFile = Readonly<
  Record<string, { readonly faults?: readonly (Fault | null)[]; readonly random?: RandomFaultOptions }>
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
      throw new OptionError(`faults.${stream}.${unknown}`, 'be absent', entry[unknown])
    if (entry.faults !== undefined && !Array.isArray(entry.faults)) {
      throw new OptionError(`faults.${stream}.faults`, 'be a list', entry.faults)
    }
    if (entry.random !== undefined && !isRecord(entry.random)) {
      throw new OptionError(`faults.${stream}.random`, 'be an object', entry.random)
    }
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
