import { describeValue } from '../../core/errors.ts'
import type {
  ListRule,
  MapRule,
  MemberRule,
  NumberRule,
  RequestOf,
  StringRule,
  StructureRule,
} from './request-rules.ts'
import { ServiceException } from './service-exception.ts'

export type { RequestOf, StructureRule } from './request-rules.ts'

/**
 * Checks JSON bodies against the rules of their operation. The SDKs check next to nothing before they send,
 * so each length, pattern and choice of the API is checked on arrival, and the breaches are told all at once in the
 * words of the service's front end.
 */

/** Most breaches that a message spells out; a list may break its rule a thousand times. */
const MOST_TOLD = 10

type Breach = { readonly text: string; readonly errorType: string }
type JsonObject = Record<string, unknown>

/**
 * Gives the body as the type that its schema declares; members that the schema does not know are left out, as the
 * service ignores them, and `null` counts as absent.
 *
 * @throws ServiceException `InvalidArgumentException` with the breaches, or `SerializationException` for a wrong type.
 */
export function checkRequest<const S extends StructureRule>(
  schema: S,
  body: unknown,
): RequestOf<S['members']> {
  const checker = new RequestChecker()
  const request = checker.structure(schema, body, '')
  checker.throwBreaches()
  return request as RequestOf<S['members']>
}

/** One pass over a body. */
class RequestChecker {
  readonly #breaches: Breach[] = []

  /** @throws ServiceException where there are breaches; under a name of its own where all are of that kind. */
  throwBreaches(): void {
    const [first] = this.#breaches
    if (first === undefined) return
    const count = this.#breaches.length
    const isOneKind = this.#breaches.every(({ errorType }) => errorType === first.errorType)
    const told = this.#breaches.slice(0, MOST_TOLD).map(({ text }) => text)
    if (count > MOST_TOLD) told.push(`and ${count - MOST_TOLD} more`)
    throw new ServiceException(
      isOneKind ? first.errorType : 'InvalidArgumentException',
      `${count} validation error${count === 1 ? '' : 's'} detected: ${told.join('; ')}`,
    )
  }

  structure(rule: StructureRule, value: unknown, path: string): JsonObject {
    const given = asObject(value, path)
    const request: JsonObject = {}
    for (const [name, member] of Object.entries(rule.members)) {
      const memberPath = joinPath(path, lowerFirst(name))
      const raw = Object.hasOwn(given, name) ? given[name] : undefined
      if (raw !== undefined && raw !== null) request[name] = this.#member(member, raw, memberPath)
      else if (member.required) this.#breach(memberPath, null, 'Member must not be null')
    }
    this.#checkTogether(rule, request, path)
    return request
  }

  #member(rule: MemberRule, value: unknown, path: string): unknown {
    switch (rule.type) {
      case 'structure':
        return this.structure(rule, value, path)
      case 'number':
        return this.#number(rule, value, path)
      case 'string':
        return this.#string(rule, value, path)
      case 'list':
        return this.#list(rule, value, path)
      case 'map':
        return this.#map(rule, value, path)
    }
  }

  #list(rule: ListRule, value: unknown, path: string): readonly unknown[] {
    if (!Array.isArray(value)) throw wrongType(path, 'a list')
    this.#checkSize(rule, value.length, path)
    return value.map((entry, index) => this.#entry(rule.of, entry, `${path}.${index + 1}.member`))
  }

  #map(rule: MapRule, value: unknown, path: string): Readonly<Record<string, unknown>> {
    const entries = Object.entries(asObject(value, path))
    this.#checkSize(rule, entries.length, path)
    for (const [key] of entries) this.#string(rule.key, key, `${path}.key`)
    // Made by defining, not by setting: a key may be `__proto__`.
    return Object.fromEntries(
      entries.map(([key, entry]) => [key, this.#entry(rule.value, entry, `${path}.${shorten(key)}.value`)]),
    )
  }

  #entry(rule: MemberRule, value: unknown, path: string): unknown {
    if (value !== null) return this.#member(rule, value, path)
    this.#breach(path, null, 'Member must not be null')
    return undefined
  }

  #string(rule: StringRule, value: unknown, path: string): string {
    if (typeof value !== 'string') throw wrongType(path, 'a string')
    for (const constraint of stringBreaches(rule, value)) {
      this.#breach(path, value, constraint, rule.breachType)
    }
    return value
  }

  #number(rule: NumberRule, value: unknown, path: string): number {
    if (!Number.isFinite(value) || (rule.integer && !Number.isInteger(value))) {
      throw wrongType(path, rule.integer ? 'an integer' : 'a number')
    }
    const number = value as number
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule
    if (number < min) this.#breach(path, number, `Member must have value greater than or equal to ${min}`)
    if (number > max) this.#breach(path, number, `Member must have value less than or equal to ${max}`)
    return number
  }

  #checkSize(rule: ListRule | MapRule, size: number, path: string): void {
    const { minSize = 0, maxSize = Number.POSITIVE_INFINITY } = rule
    const given = `${size} entries`
    if (size < minSize) {
      this.#breach(path, given, `Member must have length greater than or equal to ${minSize}`)
    }
    if (size > maxSize) {
      this.#breach(path, given, `Member must have length less than or equal to ${maxSize}`, rule.tooManyType)
    }
  }

  /** The rules that are about several members at once. */
  #checkTogether({ oneOf, companions }: StructureRule, request: JsonObject, path: string): void {
    if (oneOf !== undefined && !oneOf.some(name => request[name] !== undefined)) {
      this.#add(`One of ${oneOf.join(' or ')} must be given`)
    }
    if (companions === undefined) return
    const choice = request[companions.member]
    const needed = typeof choice === 'string' ? companions.needs[choice] : undefined
    if (needed !== undefined && request[needed] === undefined) {
      const memberPath = joinPath(path, lowerFirst(needed))
      this.#breach(memberPath, null, `Member must not be null with ${companions.member} ${choice}`)
    }
  }

  #breach(path: string, value: unknown, constraint: string, errorType?: string): void {
    const shown = value === null ? 'null' : `'${describeValue(value).replace(/^"|"$/g, '')}'`
    this.#add(`Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`, errorType)
  }

  #add(text: string, errorType = 'InvalidArgumentException'): void {
    this.#breaches.push({ text, errorType })
  }
}

function* stringBreaches(rule: StringRule, value: string): Generator<string> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, choices } = rule
  if (value.length < minLength) yield `Member must have length greater than or equal to ${minLength}`
  if (value.length > maxLength) {
    // A pattern is not tried on more than the API would take: some are slow on long texts.
    yield `Member must have length less than or equal to ${maxLength}`
    return
  }
  if (pattern !== undefined && pattern.exec(value)?.[0] !== value) {
    yield `Member must satisfy regular expression pattern: ${pattern.source}`
  }
  if (choices !== undefined && !choices.includes(value)) {
    yield `Member must satisfy enum value set: [${choices.join(', ')}]`
  }
}

function asObject(value: unknown, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object')
  return value as JsonObject
}

function wrongType(path: string, expected: string): ServiceException {
  const what = path === '' ? 'the request body' : `'${path}'`
  return new ServiceException('SerializationException', `${what} must be ${expected}`)
}

function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function shorten(key: string): string {
  return key.length > 40 ? `${key.slice(0, 37)}...` : key
}
