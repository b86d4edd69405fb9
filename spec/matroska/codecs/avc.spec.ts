import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readAvc } from '../../../lib/matroska/codecs/avc.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const RECORD = '01 42c01e ff e1 0004 6742c01e 01 0003 68ce3c'

describe('readAvc', () => {
  it('reads an AVCDecoderConfigurationRecord', () => {
    assert.deepEqual(readAvc(bytes(RECORD)), {
      kind: 'h264',
      profile: 0x42,
      constraints: 0xc0,
      level: 0x1e,
      codecString: 'avc1.42C01E',
      nalLengthSize: 4,
      sps: [bytes('6742c01e')],
      pps: [bytes('68ce3c')],
    })
  })

  const cases: [name: string, hex: string, sps: number, pps: number][] = [
    ['with what High profile adds behind', `${RECORD} fdf8f800`, 1, 1],
    ['with several parameter sets', '01 64001f fd e2 0001 67 0001 67 02 0001 68 0001 68', 2, 2],
    ['with none', '01 64001f ff e0 00', 0, 0],
  ]
  for (const [name, hex, sps, pps] of cases) {
    it(`reads one ${name}`, () => {
      const data = readAvc(bytes(hex))
      assert.deepEqual([data?.sps.length, data?.pps.length], [sps, pps])
    })
  }

  it('pads the codec string', () =>
    assert.equal(readAvc(bytes('01 4d000a ff e0 00'))?.codecString, 'avc1.4D000A'))

  it('knows no record that is cut, and none of another version', () => {
    const whole = bytes(RECORD)
    const cut = Array.from({ length: whole.length }, (_, length) => readAvc(whole.subarray(0, length)))
    assert.deepEqual([...new Set([...cut, readAvc(bytes('00 00000001 67'))])], [undefined])
  })
})
