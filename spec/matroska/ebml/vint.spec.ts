import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readSignedVint, readVint, vintLength } from '../../../lib/matroska/ebml/vint.ts'
import { vint } from '../../../lib/matroska/writer/writer.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('vintLength tells the length from the first byte', () => {
  const cases: [firstByte: number, expected: number][] = [
    [0xff, 1],
    [0x80, 1],
    [0x7f, 2],
    [0x40, 2],
    [0x20, 3],
    [0x10, 4],
    [0x08, 5],
    [0x04, 6],
    [0x02, 7],
    [0x01, 8],
    [0x00, 9],
  ]
  for (const [firstByte, expected] of cases) {
    it(`0x${firstByte.toString(16)}: ${expected}`, () => assert.equal(vintLength(firstByte), expected))
  }
})

describe('readVint', () => {
  const cases: [name: string, hex: string, offset: number, expected: object | undefined][] = [
    ['one byte', '85', 0, { value: 5, length: 1 }],
    ['the largest of one byte', 'ff', 0, { value: 127, length: 1 }],
    ['two bytes', '40 05', 0, { value: 5, length: 2 }],
    ['a track number over 127', '40 80', 0, { value: 128, length: 2 }],
    ['eight bytes', '01 00 00 00 00 00 00 09', 0, { value: 9, length: 8 }],
    ['from an offset', 'aa bb 81', 2, { value: 1, length: 1 }],
    ['nothing there', '', 0, undefined],
    ['bytes that end inside it', '20 01', 0, undefined],
    ['a first byte of zero', '00 11 22 33 44 55 66 77 88', 0, undefined],
  ]
  for (const [name, hex, offset, expected] of cases) {
    it(name, () => assert.deepEqual(readVint(bytes(hex), offset), expected))
  }

  it('reads what the writer writes, at every width', () => {
    const input = fc.record({
      width: fc.integer({ min: 1, max: 7 }),
      share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(input, ({ width, share }) => {
        const value = Math.floor(share * 2 ** (7 * width))
        assert.deepEqual(readVint(vint(value, width), 0), { value, length: width })
      }),
      { numRuns: 200 },
    )
  })
})

describe('readSignedVint takes the middle of the range as zero', () => {
  const cases: [hex: string, value: number][] = [
    ['bf', 0],
    ['c0', 1],
    ['be', -1],
    ['80', -63],
    ['fe', 63],
    ['5f ff', 0],
    ['60 00', 1],
    ['5f fe', -1],
    ['40 00', -8191],
    // The example of RFC 9559, section 10.3.3: 500 follows 800.
    ['5e d3', -300],
  ]
  for (const [hex, value] of cases) {
    it(`${hex} is ${value}`, () =>
      assert.deepEqual(readSignedVint(bytes(hex), 0), { value, length: bytes(hex).length }))
  }

  it('has nothing where the bytes end', () => assert.equal(readSignedVint(bytes('40'), 0), undefined))
})
