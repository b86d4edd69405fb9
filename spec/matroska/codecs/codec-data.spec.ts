import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readCodecData } from '../../../lib/matroska/codecs/codec-data.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('readCodecData chooses by codec id', () => {
  const avcC = bytes('01 42c01e ff e0 00')
  const cases: [codecId: string, codecPrivate: Uint8Array | undefined, kind: string][] = [
    ['V_MPEG4/ISO/AVC', avcC, 'h264'],
    ['V_MPEG/ISO/AVC', avcC, 'h264'],
    ['V_MPEGH/ISO/HEVC', bytes('01 21 60000000 900000000000 5d f000 fc fd f8f8 0000 0f 00'), 'h265'],
    ['A_AAC', bytes('1210'), 'aac'],
    ['A_AAC/MPEG4/LC', bytes('1210'), 'aac'],
    ['A_MS/ACM', bytes('0700 0100 401f0000 401f0000 0100 0800'), 'wave-format'],
    ['V_MS/VFW/FOURCC', bytes('28000000 80020000 68010000 0100 1800 4d4a5047'), 'bitmap-info'],
    ['A_PCM/INT/LIT', undefined, 'pcm'],
    ['A_PCM/INT/BIG', undefined, 'pcm'],
    ['A_PCM/FLOAT/IEEE', undefined, 'pcm'],
    ['A_OPUS', bytes('00'), 'other'],
    ['V_VP9', undefined, 'other'],
    ['', undefined, 'other'],
    ['constructor', undefined, 'other'],
  ]
  for (const [codecId, codecPrivate, kind] of cases) {
    it(`"${codecId}" is ${kind}`, () => assert.equal(readCodecData(codecId, codecPrivate).kind, kind))
  }

  const unreadable: [name: string, codecId: string, codecPrivate: Uint8Array | undefined, problem: string][] =
    [
      ['that is missing', 'A_AAC', undefined, 'A_AAC has no CodecPrivate (AudioSpecificConfig)'],
      [
        'that is something else',
        'V_MPEG4/ISO/AVC',
        bytes('00000001 67'),
        'the CodecPrivate of V_MPEG4/ISO/AVC, 5 bytes, is no AVCDecoderConfigurationRecord',
      ],
    ]
  for (const [name, codecId, codecPrivate, problem] of unreadable) {
    it(`tells of private data ${name}`, () =>
      assert.deepEqual(readCodecData(codecId, codecPrivate), { kind: 'unreadable', problem }))
  }
})
