import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readAac, readAdtsConfig } from '../../../lib/matroska/codecs/aac.ts'

describe('readAac', () => {
  const aac = (objectType: number, sampleRateHz: number, channelConfiguration: number) => ({
    kind: 'aac',
    objectType,
    sampleRateHz,
    channelConfiguration,
  })
  const cases: [name: string, hex: string, expected: object | undefined][] = [
    ['LC, 44.1 kHz, stereo', '1210', aac(2, 44_100, 2)],
    ['LC, 8 kHz, mono', '1588', aac(2, 8000, 1)],
    ['LC, 16 kHz, mono, as Kinesis Video producers write it', '1408', aac(2, 16_000, 1)],
    ['HE-AAC', '2b92 0800', aac(5, 22_050, 2)],
    ['a rate of its own', '1780 1f40 10', aac(2, 16_000, 2)],
    ['an escaped object type', 'f8e8 2000', aac(39, 44_100, 1)],
    ['no bytes', '', undefined],
    ['one byte', '12', undefined],
    ['a rate of its own that is cut', '1780 1f', undefined],
    ['a reserved rate', '1690', undefined],
    ['object type 0', '0210', undefined],
  ]
  for (const [name, hex, expected] of cases) {
    it(`${expected === undefined ? 'refuses' : 'reads'} ${name}`, () =>
      assert.deepEqual(readAac(Buffer.from(hex.replaceAll(' ', ''), 'hex')), expected))
  }
})

describe('readAdtsConfig', () => {
  const config = (objectType: number, sampleRateIndex: number, channelConfiguration: number) => ({
    objectType,
    sampleRateIndex,
    channelConfiguration,
  })
  const cases: [name: string, hex: string, expected: object | undefined][] = [
    ['LC, 44.1 kHz, stereo', '1210', config(2, 4, 2)],
    ['a rate of the table that is written out', '1780 1f40 10', config(2, 8, 2)],
    ['a rate that has no index', '1780 1f41 10', config(2, 15, 2)],
    ['HE-AAC as its core', '2b92 0800', config(2, 7, 2)],
    ['HE-AAC v2 as its core', 'eb8a 0800', config(2, 7, 1)],
    ['HE-AAC whose core is missing', '2b92', undefined],
    ['an object type that ADTS has no room for', 'f8e8 2000', config(39, 4, 1)],
    ['one byte', '12', undefined],
  ]
  for (const [name, hex, expected] of cases) {
    it(`${expected === undefined ? 'refuses' : 'reads'} ${name}`, () =>
      assert.deepEqual(readAdtsConfig(Buffer.from(hex.replaceAll(' ', ''), 'hex')), expected))
  }
})
