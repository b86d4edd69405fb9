import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aacConfig, legacyAacConfig, readAac } from '../../../lib/matroska/codecs/aac.ts'
import { audioConfigOf, readCodecData } from '../../../lib/matroska/codecs/codec-data.ts'

const audio = (samplingFrequencyHz: number, channels: number, outputSamplingFrequencyHz?: number) => ({
  ...{ samplingFrequencyHz, channels, bitDepth: undefined },
  ...(outputSamplingFrequencyHz === undefined ? {} : { outputSamplingFrequencyHz }),
})

describe('legacyAacConfig', () => {
  it('takes the profile from the id, rate and channels from the track', () => {
    const configs = [
      'MPEG2/MAIN',
      'MPEG2/LC',
      'MPEG2/SSR',
      'MPEG4/MAIN',
      'MPEG4/LC',
      'MPEG4/SSR',
      'MPEG4/LTP',
    ]
    assert.deepEqual(
      configs.map(id => readAac(legacyAacConfig(`A_AAC/${id}`, audio(48_000, 2))!)),
      [1, 2, 3, 1, 2, 3, 4].map(objectType => ({
        ...{ kind: 'aac', objectType, sampleRateHz: 48_000, channelConfiguration: 2 },
      })),
    )
  })

  it('signals SBR as ffmpeg does, with the rate of the output', () => {
    for (const id of ['A_AAC/MPEG2/LC/SBR', 'A_AAC/MPEG4/LC/SBR']) {
      const config = legacyAacConfig(id, audio(22_050, 1, 44_100))
      assert.deepEqual(config, Uint8Array.of(0x13, 0x88, 0x56, 0xe5, 0xa0))
    }
  })

  it('writes a rate that has no index in full, and eight channels as configuration 7', () => {
    const config = readAac(legacyAacConfig('A_AAC/MPEG4/LC', audio(44_000, 8))!)
    assert.deepEqual([config?.sampleRateHz, config?.channelConfiguration], [44_000, 7])
  })

  it('has nothing for other ids, nor for settings that cannot be said', () => {
    assert.equal(legacyAacConfig('A_AAC', audio(48_000, 2)), undefined)
    assert.equal(legacyAacConfig('A_AAC/MPEG4/LC', undefined), undefined)
    assert.equal(legacyAacConfig('A_AAC/MPEG4/LC', audio(0, 2)), undefined)
    assert.equal(legacyAacConfig('A_AAC/MPEG4/LC', audio(48_000, 0)), undefined)
    assert.equal(aacConfig({ objectType: 2, sampleRateHz: Number.NaN, channelConfiguration: 1 }), undefined)
  })
})

describe('the configuration of an AAC track', () => {
  it('is its CodecPrivate where that is one, whatever the id says', () => {
    const codecPrivate = Uint8Array.of(0x12, 0x10)
    assert.equal(audioConfigOf('A_AAC/MPEG4/MAIN', codecPrivate, audio(48_000, 1)), codecPrivate)
    const data = readCodecData('A_AAC/MPEG4/MAIN', codecPrivate, audio(48_000, 1))
    assert.ok(data.kind === 'aac' && data.sampleRateHz === 44_100)
  })

  it('is that of the older id where the CodecPrivate is empty or not there', () => {
    for (const codecPrivate of [undefined, new Uint8Array(0)]) {
      const data = readCodecData('A_AAC/MPEG4/LC', codecPrivate, audio(48_000, 1))
      assert.ok(data.kind === 'aac' && data.sampleRateHz === 48_000)
    }
  })

  it('is missing for A_AAC without a CodecPrivate', () => {
    assert.equal(readCodecData('A_AAC', undefined, audio(48_000, 1)).kind, 'unreadable')
  })
})
