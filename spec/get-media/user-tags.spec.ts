import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { userTags } from '../support/user-tags.ts'

describe('UserTags', () => {
  it('gives them by name, in a record that has no prototype', () => {
    const { record } = userTags({ ContactId: 'c', ['__proto__']: 'p' })
    assert.deepEqual(
      [Object.getPrototypeOf(record), Object.entries(record)],
      [
        null,
        [
          ['ContactId', 'c'],
          ['__proto__', 'p'],
        ],
      ],
    )
  })

  it('counts the last value of a name', () => {
    const tags = userTags({ a: '1', b: '2' })
    tags.set('a', '3')
    assert.deepEqual({ ...tags.record }, { a: '3', b: '2' })
  })

  it('leaves a record as it was given when more tags come', () => {
    const tags = userTags({ a: '1' })
    const before = tags.record
    tags.set('a', '2')
    tags.set('b', '3')
    const after = tags.record
    assert.deepEqual(
      [{ ...before }, { ...after }, Object.getPrototypeOf(after)],
      [{ a: '1' }, { a: '2', b: '3' }, null],
    )
  })

  it('gives the same record again when none came', () => {
    const tags = userTags({ a: '1' })
    assert.equal(tags.record, tags.record)
  })

  const mimeTypes: [name: string, tags: Record<string, string | Uint8Array>, expected: string | undefined][] =
    [
      ['as written', { MimeType: 'audio/L16' }, 'audio/L16'],
      ['in any case', { mimetype: 'audio/L16' }, 'audio/L16'],
      ['the last of them', { MimeType: 'audio/L16', mimeType: 'audio/aac' }, 'audio/aac'],
      ['not where it is bytes', { MimeType: Buffer.from('audio/L16') }, undefined],
      ['not of another name as long', { TimeType: 'audio/L16' }, undefined],
    ]
  for (const [name, tags, expected] of mimeTypes)
    it(`knows the MimeType ${name}`, () => assert.equal(userTags(tags).mimeType, expected))
})
