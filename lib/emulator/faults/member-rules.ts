import { OptionError } from '../../core/errors.ts'
import { choiceOption, numberOption } from '../../core/options.ts'

/** The rule for a member of a fault; `path` names it in the message. */
export type MemberRule = {
  readonly isRequired: boolean
  /** @throws OptionError */
  readonly check: (value: unknown, path: string) => void
}

/** A whole number in a range. */
export function whole(min: number, max?: number): MemberRule {
  const rule = { min, integer: true, ...(max !== undefined && { max }) }
  return { isRequired: false, check: (value, path) => void numberOption(path, value, min, rule) }
}

/** A text that is not empty. */
export function text(): MemberRule {
  return {
    isRequired: false,
    check(value, path) {
      if (typeof value !== 'string' || value === '')
        throw new OptionError(path, 'be a non-empty string', value)
    },
  }
}

/** A text, or true or false. */
export function textOrFlag(): MemberRule {
  return {
    isRequired: false,
    check: (value, path) => typeof value !== 'boolean' && text().check(value, path),
  }
}

/** One of some texts. */
export function oneOf(choices: readonly string[]): MemberRule {
  return { isRequired: false, check: (value, path) => void choiceOption(path, value, '', choices) }
}

/** A list of one or more of some texts. */
export function someOf(choices: readonly string[]): MemberRule {
  const rule = `be a list of ${choices.map(choice => JSON.stringify(choice)).join(', ')}`
  return {
    isRequired: false,
    check(value, path) {
      if (!Array.isArray(value) || value.length === 0) throw new OptionError(path, rule, value)
      for (const [index, choice] of value.entries()) choiceOption(`${path}[${index}]`, choice, '', choices)
    },
  }
}

/** The same rule for a member that must be there. */
export function required(rule: MemberRule): MemberRule {
  return { ...rule, isRequired: true }
}
