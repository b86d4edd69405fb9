import { OptionError } from './errors.ts'

/** Checks one option; an absent one takes the default. The message names the option, the rule and the value. */

export type NumberRule = { readonly min?: number; readonly max?: number; readonly integer?: boolean }

export function numberOption(name: string, value: unknown, fallback: number, rule: NumberRule = {}): number {
  if (value === undefined) return fallback
  const { min = 0, max = Number.POSITIVE_INFINITY, integer = false } = rule
  const fits =
    typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))
  if (!fits) {
    const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
    throw new OptionError(name, `be ${integer ? 'an integer' : 'a number'} ${range}`, value)
  }
  return value
}

export function choiceOption<T extends string>(
  name: string,
  value: unknown,
  fallback: T,
  choices: readonly T[],
): T {
  if (value === undefined) return fallback
  if (!choices.includes(value as T)) {
    throw new OptionError(
      name,
      `be one of ${choices.map(choice => JSON.stringify(choice)).join(', ')}`,
      value,
    )
  }
  return value as T
}

export function functionOption<T>(name: string, value: T): T {
  if (typeof value !== 'function') throw new OptionError(name, 'be a function', value)
  return value
}

/** An `AbortSignal`; not by `instanceof`, since test runners and polyfills bring classes of their own. */
export function signalOption(name: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined) return undefined
  const isSignal = typeof value === 'object' && value !== null && 'aborted' in value && 'reason' in value
  if (!isSignal) throw new OptionError(name, 'be an AbortSignal', value)
  return value
}
