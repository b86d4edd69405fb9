import { describeValue } from '../errors.ts'
import { invalidArgument, ServiceException } from './service-exception.ts'

/**
 * What an operation's JSON body may hold, declared once for each operation and checked here. The SDKs check next to
 * nothing before they send (facts 1.3), so each length, pattern and choice of the API is checked on arrival, and all
 * breaches are told at once in the words of the service's front end.
 */

/** A text member. */
export type StringRule = {
  readonly type: 'string'
  readonly required?: true
  readonly minLength?: number
  readonly maxLength?: number
  /** Must match the whole value. */
  readonly pattern?: RegExp
  readonly choices?: readonly string[]
}

/** A number member; a timestamp is one, in epoch seconds. */
export type NumberRule = {
  readonly type: 'number'
  readonly required?: true
  readonly min?: number
  readonly max?: number
  readonly integer?: true
}

/** A member that is an object of its own. */
export type StructureRule = {
  readonly type: 'structure'
  readonly required?: true
  readonly members: Members
  /** Members of which one at least must be there. */
  readonly oneOf?: readonly string[]
  /** `{ member: 'Type', companions: { NOW: undefined, FRAGMENT_NUMBER: 'AfterFragmentNumber' } }`: what a choice needs beside it. */
  readonly companions?: {
    readonly member: string
    readonly needs: Readonly<Record<string, string | undefined>>
  }
}

/** The rule of one member. */
export type MemberRule = StringRule | NumberRule | StructureRule

/** The rules of an object's members, by their names on the wire. */
export type Members = { readonly [name: string]: MemberRule }

/** The type of a body that fits the rules. */
export type RequestOf<M extends Members> = {
  readonly [K in keyof M as M[K] extends { required: true } ? K : never]: ValueOf<M[K]>
} & {
  readonly [K in keyof M as M[K] extends { required: true } ? never : K]?: ValueOf<M[K]>
}

type ValueOf<R> = R extends { type: 'string'; choices: readonly (infer C)[] }
  ? C
  : R extends { type: 'string' }
    ? string
    : R extends { type: 'number' }
      ? number
      : R extends { type: 'structure'; members: infer M extends Members }
        ? RequestOf<M>
        : never

/**
 * Gives the body as the type that its schema declares; members that the schema does not know are left out, as the
 * service ignores them, and `null` counts as absent.
 *
 * @throws ServiceException `InvalidArgumentException` with every breach, or `SerializationException` for a wrong type.
 */
export function checkRequest<const S extends StructureRule>(
  schema: S,
  body: unknown,
): RequestOf<S['members']> {
  const breaches: string[] = []
  const request = readStructure(schema, body, '', breaches)
  if (breaches.length > 0) {
    const count = `${breaches.length} validation error${breaches.length === 1 ? '' : 's'} detected`
    throw invalidArgument(`${count}: ${breaches.join('; ')}`)
  }
  return request as RequestOf<S['members']>
}

type JsonObject = Record<string, unknown>

function readStructure(rule: StructureRule, value: unknown, path: string, breaches: string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object')
  const given = value as JsonObject
  const request: JsonObject = {}
  for (const [name, member] of Object.entries(rule.members)) {
    const memberPath = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`
    const raw = Object.hasOwn(given, name) ? given[name] : undefined
    if (raw !== undefined && raw !== null) request[name] = readMember(member, raw, memberPath, breaches)
    else if (member.required) breaches.push(breach(memberPath, null, 'Member must not be null'))
  }
  checkTogether(rule, request, path, breaches)
  return request
}

function readMember(rule: MemberRule, value: unknown, path: string, breaches: string[]): unknown {
  if (rule.type === 'structure') return readStructure(rule, value, path, breaches)
  if (rule.type === 'number') return readNumber(rule, value, path, breaches)
  if (typeof value !== 'string') throw wrongType(path, 'a string')
  for (const constraint of stringBreaches(rule, value)) breaches.push(breach(path, value, constraint))
  return value
}

function* stringBreaches(rule: StringRule, value: string): Generator<string> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, choices } = rule
  if (value.length < minLength) yield `Member must have length greater than or equal to ${minLength}`
  if (value.length > maxLength) yield `Member must have length less than or equal to ${maxLength}`
  if (pattern !== undefined && pattern.exec(value)?.[0] !== value) {
    yield `Member must satisfy regular expression pattern: ${pattern.source}`
  }
  if (choices !== undefined && !choices.includes(value)) {
    yield `Member must satisfy enum value set: [${choices.join(', ')}]`
  }
}

function readNumber(rule: NumberRule, value: unknown, path: string, breaches: string[]): number {
  if (typeof value !== 'number' || (rule.integer && !Number.isInteger(value))) {
    throw wrongType(path, rule.integer ? 'an integer' : 'a number')
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule
  if (value < min)
    breaches.push(breach(path, value, `Member must have value greater than or equal to ${min}`))
  if (value > max) breaches.push(breach(path, value, `Member must have value less than or equal to ${max}`))
  return value
}

/** The rules that are about several members at once. */
function checkTogether(rule: StructureRule, request: JsonObject, path: string, breaches: string[]): void {
  const { oneOf, companions } = rule
  if (oneOf !== undefined && !oneOf.some(name => request[name] !== undefined)) {
    breaches.push(`One of ${oneOf.join(' or ')} must be given`)
  }
  if (companions === undefined) return
  const choice = request[companions.member]
  const needed = typeof choice === 'string' ? companions.needs[choice] : undefined
  if (needed !== undefined && request[needed] === undefined) {
    const memberPath = path === '' ? lowerFirst(needed) : `${path}.${lowerFirst(needed)}`
    breaches.push(breach(memberPath, null, `Member must not be null with ${companions.member} ${choice}`))
  }
}

function breach(path: string, value: unknown, constraint: string): string {
  const shown = value === null ? 'null' : `'${describeValue(value).replace(/^"|"$/g, '')}'`
  return `Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`
}

function wrongType(path: string, expected: string): ServiceException {
  const what = path === '' ? 'the request body' : `'${path}'`
  return new ServiceException('SerializationException', `${what} must be ${expected}`)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
