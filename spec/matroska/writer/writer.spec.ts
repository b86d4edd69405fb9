import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OptionError } from '../../../lib/core/errors.ts'
import { readUintBig } from '../../../lib/matroska/ebml/values.ts'
import { readSignedVint, readVint } from '../../../lib/matroska/ebml/vint.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import {
  type BlockContent,
  binary,
  block,
  element,
  encodeId,
  encodeSize,
  float,
  int,
  master,
  simpleBlock,
  string,
  UNKNOWN_SIZE,
  uint,
  vint,
} from '../../../lib/matroska/writer/writer.ts'

/** Bytes as hex in groups of two, for reading. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').match(/../g)?.join(' ') ?? ''
}

const frame = (length: number) => Buffer.alloc(length, 0xaa)

describe('encodeId', () => {
  const ids: [number, string][] = [
    [ID.SimpleBlock, 'a3'],
    [ID.DocType, '42 82'],
    [0x2ad7b1, '2a d7 b1'],
    [ID.EBML, '1a 45 df a3'],
  ]
  for (const [id, expected] of ids) {
    it(`writes ${expected} in its own length`, () => assert.equal(hex(encodeId(id)), expected))
  }

  it('refuses a number without the marker of its length', () => {
    for (const id of [0, 1, 0x1234, 0x0a45dfa3, 1.5, -1]) assert.throws(() => encodeId(id), OptionError)
  })
})

describe('encodeSize', () => {
  const sizes: [number | bigint, number | undefined, string][] = [
    [0, undefined, '80'],
    [126, undefined, 'fe'],
    [127, undefined, '40 7f'],
    [16_382, undefined, '7f fe'],
    [16_383, undefined, '20 3f ff'],
    [5, 2, '40 05'],
    [5, 4, '10 00 00 05'],
    [0x85717, 8, '01 00 00 00 00 08 57 17'],
    [2n ** 56n - 2n, undefined, '01 ff ff ff ff ff ff fe'],
  ]
  for (const [size, width, expected] of sizes) {
    it(`writes ${size} as ${expected}`, () => assert.equal(hex(encodeSize(size, width)), expected))
  }

  it('sets every data bit for an unknown size, at each width', () => {
    const forms = [1, 2, 3, 4, 5, 6, 7, 8].map(width => hex(encodeSize(UNKNOWN_SIZE, width)))
    assert.deepEqual(forms, [
      'ff',
      '7f ff',
      '3f ff ff',
      '1f ff ff ff',
      '0f ff ff ff ff',
      '07 ff ff ff ff ff',
      '03 ff ff ff ff ff ff',
      '01 ff ff ff ff ff ff ff',
    ])
  })

  it('refuses a size that would read as unknown, that does not fit, or is none', () => {
    assert.throws(() => encodeSize(127, 1), OptionError)
    assert.throws(() => encodeSize(128, 1), OptionError)
    assert.throws(() => encodeSize(2n ** 56n - 1n), OptionError)
    for (const size of [-1, 0.5, Number.NaN, 2 ** 60]) assert.throws(() => encodeSize(size), OptionError)
    for (const width of [0, 9, 1.5]) assert.throws(() => encodeSize(1, width), OptionError)
  })
})

describe('vint', () => {
  it('is read back at every width', () => {
    for (const value of [0, 1, 126, 127, 128, 16_383, 2 ** 32, 2 ** 48]) {
      const bytes = vint(value)
      assert.deepEqual(readVint(bytes, 0), { value, length: bytes.length })
      assert.deepEqual(readVint(vint(value, 8), 0), { value, length: 8 })
    }
  })
})

describe('element', () => {
  it('joins id, size and payload, and a master its children', () => {
    assert.equal(hex(element(ID.Void, Buffer.of(1, 2))), 'ec 82 01 02')
    assert.equal(hex(master(ID.Tag, string(ID.TagName, 'a'), Buffer.alloc(0))), '73 73 84 45 a3 81 61')
    assert.equal(hex(master(ID.Cluster)), '1f 43 b6 75 80')
  })

  it('writes the size in the width that is asked for, known or unknown', () => {
    assert.equal(hex(element(ID.Void, Buffer.of(1), { sizeWidth: 4 })), 'ec 10 00 00 01 01')
    assert.equal(hex(element(ID.Cluster, Buffer.of(1), { unknownSize: true })), '1f 43 b6 75 ff 01')
    assert.equal(
      hex(element(ID.Segment, Buffer.alloc(0), { unknownSize: true, sizeWidth: 8 })),
      '18 53 80 67 01 ff ff ff ff ff ff ff',
    )
  })
})

describe('values', () => {
  it('writes unsigned integers in the fewest octets, or in a given width', () => {
    assert.equal(hex(uint(ID.Timestamp, 0)), 'e7 81 00')
    assert.equal(hex(uint(ID.Timestamp, 0, { width: 0 })), 'e7 80')
    assert.equal(hex(uint(ID.Timestamp, 256)), 'e7 82 01 00')
    assert.equal(hex(uint(ID.Timestamp, 1, { width: 8 })), 'e7 88 00 00 00 00 00 00 00 01')
    assert.equal(readUintBig(uint(ID.TrackUID, 2n ** 64n - 1n).subarray(3)), 2n ** 64n - 1n)
  })

  it('refuses integers that do not fit', () => {
    for (const value of [-1, 1.5, 2 ** 60, 2n ** 64n]) {
      assert.throws(() => uint(ID.Timestamp, value), OptionError)
    }
    assert.throws(() => uint(ID.Timestamp, 256, { width: 1 }), OptionError)
    assert.throws(() => uint(ID.Timestamp, 1, { width: 9 }), OptionError)
  })

  it('writes signed integers in two’s complement', () => {
    assert.equal(hex(int(ID.ReferenceBlock, -40)), 'fb 81 d8')
    assert.equal(hex(int(ID.ReferenceBlock, 128)), 'fb 82 00 80')
    assert.equal(hex(int(ID.ReferenceBlock, -1, { width: 2 })), 'fb 82 ff ff')
  })

  it('writes floats of 8 and 4 octets, text and bytes', () => {
    assert.equal(hex(float(ID.Duration, 10_000)), '44 89 88 40 c3 88 00 00 00 00 00')
    assert.equal(hex(float(ID.Duration, 0.5, { width: 4 })), '44 89 84 3f 00 00 00')
    assert.equal(hex(string(ID.TagName, 'é\0')), '45 a3 83 c3 a9 00')
    assert.equal(hex(binary(ID.CodecPrivate, Buffer.of(1, 2))), '63 a2 82 01 02')
  })
})

describe('simpleBlock', () => {
  const blocks: [string, BlockContent, string][] = [
    [
      'a keyframe',
      { track: 1, relativeTimestamp: 40, keyframe: true, frames: [frame(2)] },
      'a3 86 81 00 28 80 aa aa',
    ],
    [
      'every flag',
      {
        track: 2,
        relativeTimestamp: 0,
        keyframe: true,
        invisible: true,
        discardable: true,
        frames: [frame(1)],
      },
      'a3 85 82 00 00 89 aa',
    ],
    ['a negative timestamp', { track: 1, relativeTimestamp: -1, frames: [frame(1)] }, 'a3 85 81 ff ff 00 aa'],
    ['a track over 127', { track: 300, relativeTimestamp: 0, frames: [frame(1)] }, 'a3 86 41 2c 00 00 00 aa'],
    ['an empty frame', { track: 1, relativeTimestamp: 0, frames: [frame(0)] }, 'a3 84 81 00 00 00'],
    [
      'xiph lacing',
      { track: 1, relativeTimestamp: 0, lacing: 'xiph', frames: [frame(2), frame(0), frame(1)] },
      'a3 8a 81 00 00 02 02 02 00 aa aa aa',
    ],
    [
      'fixed lacing',
      { track: 1, relativeTimestamp: 0, lacing: 'fixed', frames: [frame(1), frame(1)] },
      'a3 87 81 00 00 04 01 aa aa',
    ],
    [
      'EBML lacing',
      { track: 1, relativeTimestamp: 0, lacing: 'ebml', frames: [frame(2), frame(1), frame(3)] },
      'a3 8d 81 00 00 06 02 82 be aa aa aa aa aa aa',
    ],
  ]
  for (const [name, content, expected] of blocks) {
    it(`writes ${name}`, () => assert.equal(hex(simpleBlock(content)), expected))
  }

  it('writes xiph sizes from 255 on in several octets', () => {
    const laced = simpleBlock({
      track: 1,
      relativeTimestamp: 0,
      lacing: 'xiph',
      frames: [frame(255), frame(511), frame(0)],
    })
    assert.equal(hex(laced.subarray(7, 13)), '02 ff 00 ff ff 01')
  })

  it('writes EBML lace differences that a reader takes, small and large', () => {
    const sizes = [0, 63, 0, 64, 0, 8191, 0, 8192, 20_000, 1]
    const content = { track: 1, relativeTimestamp: 0, lacing: 'ebml', frames: sizes.map(frame) } as const
    const lace = simpleBlock(content, { sizeWidth: 8 }).subarray(9 + 5)
    const first = readVint(lace, 0)!
    const read = [first.value]
    for (let offset = first.length; read.length < sizes.length - 1; ) {
      const difference = readSignedVint(lace, offset)!
      read.push(read.at(-1)! + difference.value)
      offset += difference.length
    }
    assert.deepEqual(read, sizes.slice(0, -1))
  })

  it('refuses what cannot be written', () => {
    const content = { track: 1, relativeTimestamp: 0, frames: [frame(1)] }
    assert.throws(() => simpleBlock({ ...content, relativeTimestamp: 32_768 }), OptionError)
    assert.throws(() => simpleBlock({ ...content, frames: [] }), OptionError)
    assert.throws(() => simpleBlock({ ...content, frames: [frame(1), frame(1)] }), OptionError)
    assert.throws(
      () => simpleBlock({ ...content, lacing: 'fixed', frames: [frame(1), frame(2)] }),
      OptionError,
    )
    assert.throws(
      () => simpleBlock({ ...content, lacing: 'xiph', frames: Array.from({ length: 257 }, () => frame(1)) }),
      OptionError,
    )
  })
})

describe('block', () => {
  it('has no keyframe flag: a BlockGroup tells it by its references', () => {
    const bytes = block({ track: 1, relativeTimestamp: 1, keyframe: true, frames: [frame(1)] })
    assert.equal(hex(bytes), 'a1 85 81 00 01 00 aa')
  })
})
