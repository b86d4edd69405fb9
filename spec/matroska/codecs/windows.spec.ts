import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readBitmapInfo, readWaveFormat } from '../../../lib/matroska/codecs/windows.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const WAVE = '0700 0100 401f0000 401f0000 0100 0800'
const BITMAP = '28000000 80020000 98feffff 0100 1800 4d4a5047'

describe('readWaveFormat', () => {
  const mulaw = { kind: 'wave-format', formatTag: 7, channels: 1, sampleRateHz: 8000, bitDepth: 8 }
  const cases: [name: string, hex: string, expected: object | undefined][] = [
    ['16 bytes', WAVE, mulaw],
    ['18 bytes and more', `${WAVE} 0000 ff`, mulaw],
    ['15 bytes, which are too few', WAVE.slice(0, -2), undefined],
  ]
  for (const [name, hex, expected] of cases)
    it(`takes ${name}`, () => assert.deepEqual(readWaveFormat(bytes(hex)), expected))

  it('reads a view into a larger array', () => {
    const inside = bytes(`ffffff ${WAVE}`).subarray(3)
    assert.deepEqual(readWaveFormat(inside), mulaw)
  })
})

describe('readBitmapInfo', () => {
  const mjpeg = { kind: 'bitmap-info', fourcc: 'MJPG', width: 640, height: -360 }
  const cases: [name: string, hex: string, expected: object | undefined][] = [
    ['20 bytes, with rows from the top', BITMAP, mjpeg],
    ['40 bytes', BITMAP + '00'.repeat(20), mjpeg],
    ['19 bytes, which are too few', BITMAP.slice(0, -2), undefined],
  ]
  for (const [name, hex, expected] of cases)
    it(`takes ${name}`, () => assert.deepEqual(readBitmapInfo(bytes(hex)), expected))
})
