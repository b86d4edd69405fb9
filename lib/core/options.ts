import { closestName } from './closest-name.ts'
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

export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new OptionError(name, 'be true or false', value)
  }
  return value ?? fallback
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

/** Every option name of a type; a union's members are read one by one. */
type OptionName<T> = T extends unknown ? Extract<keyof T, string> : never

/** Lists the option names of `T`. A name that is missing, or one too many, does not compile. */
export function optionNames<T>(names: { readonly [Name in OptionName<T>]: true }): readonly string[] {
  return Object.keys(names)
}

/**
 * Refuses an option that `owner` does not have, with the closest name as a hint; throws `OptionError`. An option whose
 * value is `undefined` counts as absent. Inherited options are checked too. `path` opens the names of nested options:
 * `retry.`. The value is never shown: it may be a secret under a misspelt name.
 */
export function knownOptions(owner: string, options: unknown, allowed: readonly string[], path = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(path === '' ? 'options' : path.slice(0, -1), 'be an object', options)
  }
  for (const name in options) {
    if (allowed.includes(name) || name in Object.prototype) continue
    if ((options as Readonly<Record<string, unknown>>)[name] === undefined) continue
    const closest = closestName(name, allowed)
    const hint =
      closest === undefined
        ? `its options are ${allowed.map(known => `\`${path}${known}\``).join(', ')}`
        : `did you mean \`${path}${closest}\`?`
    throw new OptionError(`${path}${name}`, `be absent: ${owner} has no such option; ${hint}`)
  }
}
