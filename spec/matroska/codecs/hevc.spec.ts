import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readHevc } from '../../../lib/matroska/codecs/hevc.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const HEAD = '01 21 60000000 900000000000 5d f000 fc fd f8f8 0000 0f'
const RECORD = `${HEAD} 03 a0 0001 0002 4001 a1 0001 0001 42 22 0002 0001 44 0001 45`

describe('readHevc', () => {
  it('reads an HEVCDecoderConfigurationRecord', () => {
    assert.deepEqual(readHevc(bytes(RECORD)), {
      kind: 'h265',
      profile: 1,
      tier: 'high',
      level: 0x5d,
      nalLengthSize: 4,
      vps: [bytes('4001')],
      sps: [bytes('42')],
      pps: [bytes('44'), bytes('45')],
    })
  })

  it('joins arrays of one type', () => {
    assert.deepEqual(readHevc(bytes(`${HEAD} 02 a2 0001 0001 aa a2 0001 0001 bb`))?.pps, [
      bytes('aa'),
      bytes('bb'),
    ])
  })

  it('reads one without parameter sets', () => {
    const { tier, vps, sps, pps } = readHevc(bytes(`${HEAD.replace('01 21', '01 01')} 00`))!
    assert.deepEqual([tier, vps, sps, pps], ['main', [], [], []])
  })

  it('knows no record that is cut, and none of another version', () => {
    const whole = bytes(RECORD)
    const cut = Array.from({ length: whole.length }, (_, length) => readHevc(whole.subarray(0, length)))
    assert.deepEqual([...new Set([...cut, readHevc(Buffer.alloc(30))])], [undefined])
  })
})
