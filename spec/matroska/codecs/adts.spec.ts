import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readAac } from '../../../lib/matroska/codecs/aac.ts'
import { adtsConfig, adtsFrames, damagedAdtsFrame } from '../../../lib/matroska/codecs/adts.ts'
import { type AdtsHeader, adts } from '../../support/adts.ts'

describe('adtsFrames', () => {
  const header = fc.record({
    objectType: fc.integer({ min: 1, max: 4 }),
    sampleRateIndex: fc.integer({ min: 0, max: 12 }),
    channels: fc.integer({ min: 0, max: 7 }),
    hasCrc: fc.boolean(),
  })
  const raw = fc.uint8Array({ minLength: 1, maxLength: 500 })

  it('gives every frame of a block without its header, with or without a CRC', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(header, raw), { minLength: 1, maxLength: 5 }), frames => {
        const block = Buffer.concat(frames.map(([facts, data]) => adts(data, facts)))
        const found = adtsFrames(block)
        assert.deepEqual(
          found?.map(({ objectType, channelConfiguration, data }) => [
            objectType,
            channelConfiguration,
            Buffer.from(data),
          ]),
          frames.map(([{ objectType, channels }, data]) => [objectType, channels, Buffer.from(data)]),
        )
      }),
    )
  })

  it('finds none where a byte is missing or too many', () => {
    fc.assert(
      fc.property(header, raw, (facts, data) => {
        const frame = adts(data, facts)
        assert.equal(adtsFrames(frame.subarray(0, -1)), undefined)
        assert.equal(adtsFrames(Buffer.concat([frame, Buffer.of(0)])), undefined)
      }),
    )
  })

  it('takes neither raw AAC, MPEG audio nor a reserved rate for ADTS', () => {
    const mpegLayer3 = adts(Buffer.alloc(10))
    mpegLayer3[1] = 0xfb
    const reservedRate = adts(Buffer.alloc(10), { sampleRateIndex: 13 })
    for (const bytes of [Buffer.of(0x21, 0x10, 4), Buffer.alloc(0), mpegLayer3, reservedRate]) {
      assert.equal(adtsFrames(bytes), undefined)
    }
  })

  it('counts raw data blocks', () => {
    assert.deepEqual(
      adtsFrames(adts(Buffer.alloc(10), { rawDataBlocks: 3 }))?.map(({ rawDataBlocks }) => rawDataBlocks),
      [3],
    )
  })
})

describe('damagedAdtsFrame', () => {
  it('takes the header off a frame that is cut off or has bytes behind it', () => {
    const frame = adts(Buffer.from('raw frame'))
    assert.deepEqual(damagedAdtsFrame(frame.subarray(0, -2))?.data, Buffer.from('raw fra'))
    assert.deepEqual(
      damagedAdtsFrame(Buffer.concat([frame, Buffer.of(1)]))?.data,
      Buffer.from('raw frame\x01'),
    )
    assert.equal(damagedAdtsFrame(Buffer.from('raw frame')), undefined)
  })
})

describe('adtsConfig', () => {
  const configOf = (facts: Partial<AdtsHeader>) => adtsConfig(adtsFrames(adts(Buffer.alloc(8), facts))![0]!)

  it('is the AudioSpecificConfig that the header tells', () => {
    const config = configOf({ objectType: 2, sampleRateIndex: 4, channels: 2 })
    assert.deepEqual(config, Uint8Array.of(0x12, 0x10))
    assert.deepEqual(readAac(config!), {
      ...{ kind: 'aac', objectType: 2, sampleRateHz: 44_100, channelConfiguration: 2 },
    })
  })

  it('is undefined where only the frame itself tells the channels', () => {
    assert.equal(configOf({ channels: 0 }), undefined)
  })
})
