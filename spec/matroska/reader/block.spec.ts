import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOf } from '../../../lib/matroska/ebml/byte-segment.ts'
import { blockFrames, readBlock } from '../../../lib/matroska/reader/block.ts'
import { faultOf } from '../read-mkv.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** A block with its frames as hex. */
function read(hex: string): object {
  const block = readBlock(placeOf(bytes(hex)), 100, 'Segment/Cluster/SimpleBlock')
  const { track, relativeTicks, keyframe, invisible, discardable } = block
  const frames = blockFrames(block).map(frame => Buffer.from(frame).toString('hex'))
  return { track, relativeTicks, keyframe, invisible, discardable, frames }
}

const PLAIN = {
  track: 1,
  relativeTicks: 0,
  keyframe: false,
  invisible: false,
  discardable: false,
  frames: ['aa'],
}

describe('readBlock', () => {
  const cases: [name: string, hex: string, expected: object][] = [
    ['a frame', '81 0000 00 aa', PLAIN],
    ['a keyframe', '81 0000 80 aa', { ...PLAIN, keyframe: true }],
    ['every flag', '81 0000 89 aa', { ...PLAIN, keyframe: true, invisible: true, discardable: true }],
    ['reserved flags, which say nothing', '81 0000 70 aa', PLAIN],
    ['an empty frame', '81 0000 00', { ...PLAIN, frames: [''] }],
    ['a later time', '81 7fff 00 aa', { ...PLAIN, relativeTicks: 32_767 }],
    ['a time before the cluster', '81 ffff 00 aa', { ...PLAIN, relativeTicks: -1 }],
    ['the earliest time', '81 8000 00 aa', { ...PLAIN, relativeTicks: -32_768 }],
    ['a track over 127', '4080 0000 00 aa', { ...PLAIN, track: 128 }],
    ['a track in more bytes than it needs', '10000001 0000 00 aa', PLAIN],
    ['a track in eight bytes', '0100000000000003 0000 00 aa', { ...PLAIN, track: 3 }],
    ['a lace', '81 0000 04 01 aabb', { ...PLAIN, frames: ['aa', 'bb'] }],
  ]
  for (const [name, hex, expected] of cases) it(`reads ${name}`, () => assert.deepEqual(read(hex), expected))

  const broken: [name: string, hex: string][] = [
    ['no bytes', ''],
    ['a track alone', '81'],
    ['no flags', '81 0000'],
    ['a track that is cut', '40'],
    ['a track that begins with a zero byte', '00 0000 00 00 00 00 00 00 00 00'],
    ['a lace without its count', '81 0000 02'],
  ]
  for (const [name, hex] of broken) {
    it(`refuses ${name}, with the offset and the path`, () => {
      const fault = { code: 'ERR_MKV_SYNTAX', byteOffset: 100, elementPath: 'Segment/Cluster/SimpleBlock' }
      assert.throws(
        () => read(hex),
        error => assert.deepEqual(faultOf(error as Error), fault) === undefined,
      )
    })
  }
})
