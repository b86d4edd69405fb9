import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkRequest } from '../../../lib/emulator/server/request-schema.ts'

const SCHEMA = {
  type: 'structure',
  members: {
    Name: { type: 'string', required: true, maxLength: 5, pattern: /[a-z]+/ },
    Count: { type: 'number', integer: true, min: 1, max: 9 },
    When: { type: 'number' },
    List: { type: 'list', minSize: 1, maxSize: 3, of: { type: 'string', pattern: /[0-9]+/ } },
    Map: {
      type: 'map',
      minSize: 1,
      maxSize: 2,
      tooManyType: 'TooMany',
      key: { type: 'string', maxLength: 9, pattern: /[a-z_]+/ },
      value: { type: 'string', maxLength: 2 },
    },
    Nested: {
      type: 'structure',
      members: {
        Items: {
          type: 'list',
          of: { type: 'structure', members: { Key: { type: 'string', required: true } } },
        },
      },
    },
    Arn: { type: 'string', pattern: /arn/, breachType: 'BadFormat' },
  },
} as const

/** What the check gives, or its error's name and message. */
function check(body: unknown): unknown {
  try {
    return checkRequest(SCHEMA, body)
  } catch (error) {
    const { name, message } = error as Error
    return `${name}: ${message}`
  }
}

describe('checkRequest', () => {
  it('gives what the schema knows, and nothing else', () => {
    const body = {
      Name: 'a',
      Count: 9,
      When: 1.5,
      List: ['1', '2'],
      Nested: { Items: [{ Key: 'x', More: 1 }] },
    }
    assert.deepEqual(check({ ...body, Other: {}, Map: null }), {
      ...body,
      Nested: { Items: [{ Key: 'x' }] },
    })
  })

  it('takes a map’s keys for what they are', () => {
    const { Map: map } = checkRequest(SCHEMA, JSON.parse('{"Name":"a","Map":{"__proto__":"x"}}'))
    assert.deepEqual(
      [Object.entries(map!), Object.getPrototypeOf(map)],
      [[['__proto__', 'x']], Object.prototype],
    )
  })

  const breaches: [what: string, body: object, error: RegExp][] = [
    ['a list with too few entries', { List: [] }, /^Invalid\w+: .*'0 entries' at 'list' .* or equal to 1$/],
    [
      'a list with too many',
      { List: ['1', '2', '3', '4'] },
      /^Invalid\w+: .*'4 entries' at 'list' .* or equal to 3$/,
    ],
    [
      'an entry that breaks its rule',
      { List: ['1', 'x'] },
      /'x' at 'list\.2\.member' .* pattern: \[0-9\]\+$/,
    ],
    ['an entry that is null', { List: [null] }, /null at 'list\.1\.member' .* must not be null$/],
    ['a map’s key', { Map: { A: '1' } }, /'A' at 'map\.key' .* pattern/],
    ['a map’s value', { Map: { a: '123' } }, /'123' at 'map\.a\.value' .* less than or equal to 2$/],
    ['too large a map, under a name of its own', { Map: { a: '', b: '', c: '' } }, /^TooMany: 1 validation/],
    ['a member in an entry', { Nested: { Items: [{}] } }, /null at 'nested\.items\.1\.member\.key'/],
    ['a name of its own', { Arn: 'x' }, /^BadFormat: /],
    [
      'no name of its own beside another breach',
      { Arn: 'x', Count: 0 },
      /^InvalidArgumentException: 2 validation/,
    ],
    [
      'no pattern on a text that is too long',
      { Name: 'A'.repeat(6) },
      /^\w+: 1 validation error detected: .* to 5$/,
    ],
  ]
  for (const [what, body, error] of breaches) {
    it(`tells ${what}`, () => {
      assert.match(String(check({ Name: 'a', ...body })), error)
    })
  }

  const wrongTypes: object[] = [
    { Count: 1.5 },
    { Count: '1' },
    { When: Number.POSITIVE_INFINITY },
    { When: '2026' },
    { List: { 0: '1' } },
    { List: [1] },
    { Map: ['a'] },
    { Map: { a: 1 } },
    { Nested: [] },
    { Nested: { Items: ['x'] } },
  ]
  for (const body of wrongTypes) {
    it(`refuses another type as the front end does: ${JSON.stringify(body)}`, () => {
      assert.match(String(check({ Name: 'a', ...body })), /^SerializationException: '/)
    })
  }

  it('does its work in little time on texts made to slow patterns down', () => {
    const evil = 'a/a'.repeat(80_000)
    const schema = {
      type: 'structure',
      members: { Media: { type: 'string', maxLength: 128, pattern: /[\w.]+\/[\w.]+(,[\w.]+\/[\w.]+)*/ } },
    } as const
    assert.throws(() => checkRequest(schema, { Media: evil }), { name: 'InvalidArgumentException' })
  })
})
