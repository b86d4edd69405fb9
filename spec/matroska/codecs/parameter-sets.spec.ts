import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readNalUnits } from '../../../lib/matroska/codecs/parameter-sets.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('readNalUnits', () => {
  const cases: [name: string, hex: string, offset: number, count: number, expected: object | undefined][] = [
    ['none', '', 0, 0, { units: [], offset: 0 }],
    ['two', '0001 aa 0002 bbcc', 0, 2, { units: ['aa', 'bbcc'], offset: 7 }],
    ['one from an offset, and leaves the rest', 'ff 0001 aa ff', 1, 1, { units: ['aa'], offset: 4 }],
    ['an empty one', '0000', 0, 1, { units: [''], offset: 2 }],
    ['a length that is cut', '00', 0, 1, undefined],
    ['a unit that is cut', '0002 aa', 0, 1, undefined],
    ['fewer than promised', '0001 aa', 0, 2, undefined],
  ]
  for (const [name, hex, offset, count, expected] of cases) {
    it(`reads ${name}`, () => {
      const read = readNalUnits(bytes(hex), offset, count)
      const units = read?.units.map(unit => Buffer.from(unit).toString('hex'))
      assert.deepEqual(read === undefined ? undefined : { units, offset: read.offset }, expected)
    })
  }
})
