import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readString } from '../../../lib/matroska/ebml/values.ts'
import { readName } from '../../../lib/matroska/reader/name-table.ts'

describe('readName', () => {
  it('reads whatever readString reads, however often', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ maxLength: 4 }).map(text => Buffer.from(text)),
      fc.string({ unit: 'grapheme', maxLength: 140 }).map(text => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), list => {
        for (const name of [...list, ...list]) assert.equal(readName(name), readString(name))
      }),
      { numRuns: 500 },
    )
  })

  it('tells a byte beyond ASCII from the letter of that code', () => {
    const letter = Buffer.from('é')
    const names = [letter, Buffer.from([0xe9]), letter, Buffer.from([0xe9])].map(bytes => readName(bytes))
    assert.deepEqual(names, ['é', '\ufffd', 'é', '\ufffd'])
  })

  it('tells a name that ends in NUL from the same without', () => {
    assert.deepEqual(
      ['name\0', 'name', 'name\0'].map(text => readName(Buffer.from(text))),
      ['name', 'name', 'name'],
    )
  })
})
