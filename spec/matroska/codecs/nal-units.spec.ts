import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  annexBUnits,
  frameUnits,
  isAnnexB,
  lengthPrefixedOf,
  lengthPrefixedUnits,
  nalRole,
  toAnnexB,
  toLengthPrefixed,
} from '../../../lib/matroska/codecs/nal-units.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const hexOf = (units: readonly Uint8Array[] | undefined) =>
  units?.map(unit => Buffer.from(unit).toString('hex'))

/** As an encoder writes a unit: emulation prevention keeps start codes out of it, and no unit ends with a zero. */
const unit = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map(raw => Uint8Array.of(0x41, ...withoutStartCodes(raw), 0x80))
const units = fc.array(unit, { minLength: 1, maxLength: 8 })
/** Units full of what might be taken for a start code. */
const nastyUnits = fc.array(
  fc
    .array(fc.constantFrom(0, 1, 3), { maxLength: 40 })
    .map(raw => Uint8Array.of(0x41, ...withoutStartCodes(raw), 0x80)),
  { minLength: 1, maxLength: 8 },
)

function withoutStartCodes(raw: Iterable<number>): number[] {
  const written: number[] = []
  for (const byte of raw) {
    if (byte <= 3 && written.at(-1) === 0 && written.at(-2) === 0) written.push(3)
    written.push(byte)
  }
  return written
}

describe('NAL units', () => {
  it('come back from Annex B as they went in, whatever they hold', () => {
    fc.assert(
      fc.property(fc.oneof(units, nastyUnits), given => {
        assert.deepEqual(hexOf(annexBUnits(toAnnexB(given))), hexOf(given))
      }),
    )
  })

  it('come back from behind their lengths as they went in', () => {
    fc.assert(
      fc.property(fc.oneof(units, nastyUnits), fc.constantFrom(2, 3, 4), (given, size) => {
        assert.deepEqual(hexOf(lengthPrefixedUnits(toLengthPrefixed(given, size), size)), hexOf(given))
      }),
    )
  })

  it('are found in a frame whichever way it holds them', () => {
    fc.assert(
      fc.property(fc.oneof(units, nastyUnits), fc.constantFrom(2, 4), (given, size) => {
        const prefixed = toLengthPrefixed(given, size)
        assert.deepEqual(hexOf(frameUnits(prefixed, size)?.units), hexOf(given))
        assert.equal(frameUnits(prefixed, size)?.isAnnexB, false)
        const annexB = toAnnexB(given)
        assert.deepEqual(hexOf(frameUnits(annexB, size)?.units), hexOf(given))
        assert.equal(frameUnits(annexB, size)?.isAnnexB, true)
        assert.deepEqual(lengthPrefixedOf(annexB, size), prefixed)
      }),
    )
  })

  it('are views', () => {
    const frame = bytes('00000001 65aa')
    for (const [found] of [annexBUnits(frame), lengthPrefixedUnits(bytes('02 65aa'), 1)!]) {
      assert.equal(found?.length, 2)
    }
    annexBUnits(frame)[0]![0] = 0x41
    assert.equal(frame[4], 0x41)
  })

  it('are found in any bytes without running off their end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 2, 255)), fc.constantFrom(1, 2, 3, 4), (raw, size) => {
        const frame = Uint8Array.from(raw)
        for (const found of frameUnits(frame, size)?.units ?? []) {
          assert.ok(found.length > 0 && found.byteOffset + found.length <= frame.length)
        }
      }),
    )
  })
})

describe('annexBUnits', () => {
  const cases: [name: string, hex: string, units: string[]][] = [
    ['start codes of three bytes', '000001 6501 000001 4102', ['6501', '4102']],
    ['start codes of four bytes', '00000001 6501 00000001 4102', ['6501', '4102']],
    ['zeros before the first and behind each', '0000 00000001 6501 0000 000001 4102 00', ['6501', '4102']],
    ['start codes with nothing between', '000001 000001 6501', ['6501']],
    ['no start code', '6501', []],
    ['nothing', '', []],
  ]
  for (const [name, hex, expected] of cases) {
    it(`reads ${name}`, () => assert.deepEqual(hexOf(annexBUnits(bytes(hex))), expected))
  }
})

describe('lengthPrefixedUnits', () => {
  const cases: [name: string, hex: string, size: number, units: string[] | undefined][] = [
    ['lengths of one byte', '02 6501 02 4102', 1, ['6501', '4102']],
    ['lengths of two bytes', '0002 6501 0002 4102', 2, ['6501', '4102']],
    ['lengths of four bytes', '00000002 6501 00000002 4102', 4, ['6501', '4102']],
    ['units without a byte as none', '00000000 00000002 6501', 4, ['6501']],
    ['nothing', '', 4, []],
    ['no length that goes beyond the end', '00000003 6501', 4, undefined],
    ['no length that is cut', '00000002 6501 0000', 4, undefined],
    ['no length of gigabytes', 'ffffffff 6501', 4, undefined],
  ]
  for (const [name, hex, size, expected] of cases) {
    it(`reads ${name}`, () => assert.deepEqual(hexOf(lengthPrefixedUnits(bytes(hex), size)), expected))
  }
})

describe('isAnnexB', () => {
  it('is not taken in by a first unit of 256 to 511 bytes', () => {
    const long = Buffer.alloc(300, 0x65)
    assert.equal(isAnnexB(toLengthPrefixed([long, Buffer.from('41')], 4)), false)
    assert.equal(isAnnexB(Buffer.concat([bytes('000001'), long])), true)
  })

  it('wants two zeros and a one', () => {
    const cases = ['', '00', '0000', '000000', '0001', '000002', '0102', '000001', '00000001']
    assert.deepEqual(
      cases.filter(hex => isAnnexB(bytes(hex))),
      ['000001', '00000001'],
    )
  })
})

describe('toLengthPrefixed', () => {
  it('does not write a length that has no room', () => {
    assert.throws(() => toLengthPrefixed([Buffer.alloc(256)], 1), RangeError)
    assert.equal(toLengthPrefixed([Buffer.alloc(255)], 1).length, 256)
  })
})

describe('nalRole', () => {
  it('knows what H.264 and H.265 call their units', () => {
    const roles = (kind: 'h264' | 'h265', ...heads: string[]) => heads.map(hex => nalRole(kind, bytes(hex)))
    assert.deepEqual(roles('h264', '09', '67', '68', '65', '25', '41', '06'), [
      ...(['delimiter', 'sps', 'pps', 'key', 'key', 'other', 'other'] as const),
    ])
    // AUD, VPS, SPS, PPS, then IDR_W_RADL, CRA, BLA_W_LP, RASL_N, TRAIL_R and a prefix SEI.
    assert.deepEqual(roles('h265', '46', '40', '42', '44', '26', '2a', '20', '10', '02', '4e'), [
      ...(['delimiter', 'vps', 'sps', 'pps', 'key', 'key', 'key', 'other', 'other', 'other'] as const),
    ])
  })
})
