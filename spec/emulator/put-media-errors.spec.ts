import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { MemoryTable } from '../../lib/emulator/storage/memory-table.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { encodeId, encodeSize, master, uint } from '../../lib/matroska/writer/writer.ts'
import {
  cluster,
  document,
  ebmlHeader,
  info,
  segmentHead,
  tags,
  tracks,
  voidElement,
} from '../support/mkv-builder.ts'
import { type Ack, PutMediaClient, summary } from '../support/put-media-client.ts'

const second = (index: number, more: object = {}) =>
  cluster({ timestamp: index * 1000, blocks: [{ keyframe: true, data: 'frame', ...more }] })
const good = document(info(), tracks(), second(0))
const manyTags = (count: number) => Array.from({ length: count }, (_, index) => [`T${index}`, 'x'] as const)
const hugeHead = (id: number, size: number) => Buffer.concat([encodeId(id), encodeSize(size, 8)])

type Case = readonly [
  what: string,
  body: Uint8Array,
  errorId: number,
  whole: number,
  options?: EmulatorOptions,
]

/** A body, the error that ends it, and how many fragments before it stay. */
const CASES: readonly Case[] = [
  ['text', Buffer.from('hello, world'), 4006, 0],
  ['a document of another type', document().fill('x', 24, 26), 4006, 0],
  ['a second EBML header', Buffer.concat([good, second(1), ebmlHeader()]), 4006, 1],
  ['a second Segment', Buffer.concat([good, second(1), segmentHead()]), 4006, 1],
  ['a second set of tracks', Buffer.concat([good, tracks(), second(1)]), 4006, 0],
  ['an element that outruns its Cluster', badCluster(), 4006, 1],
  ['a zero byte where an element must begin', Buffer.concat([good, second(1), Buffer.alloc(8)]), 4006, 1],
  [
    'a block without a head',
    Buffer.concat([good, master(ID.Cluster, uint(ID.Timestamp, 1000), blockOf(2))]),
    4006,
    1,
  ],
  ['a body that ends inside an element', good.subarray(0, good.length - 3), 4000, 0],
  [
    'a declared Cluster size beyond the limit',
    Buffer.concat([good, hugeHead(ID.Cluster, 60_000_000)]),
    4001,
    1,
  ],
  [
    'a declared block size beyond the limit',
    Buffer.concat([good, openCluster(1000), hugeHead(ID.SimpleBlock, 2 ** 40)]),
    4001,
    1,
  ],
  [
    'a fragment larger than allowed',
    Buffer.concat([good, second(1, { data: Buffer.alloc(3000) })]),
    4001,
    1,
    { fragmentLimits: { maxBytes: 2000 } },
  ],
  [
    'a trailer larger than allowed',
    Buffer.concat([good, voidElement(3000)]),
    4001,
    0,
    { fragmentLimits: { maxBytes: 2000 } },
  ],
  ['frames over more than the longest duration', Buffer.concat([good, longCluster(20_001)]), 4002, 1],
  [
    'a fragment shorter than a minimum that was set',
    Buffer.concat([good, second(1)]),
    4013,
    0,
    { fragmentLimits: { minDurationMs: 500 } },
  ],
  ['a frame not later than the last before', Buffer.concat([good, second(0)]), 4004, 1],
  ['a frame that reaches back', Buffer.concat([good, second(1, { at: -1000 })]), 4004, 1],
  ['a Cluster timestamp beyond all time', Buffer.concat([good, openCluster(2n ** 60n)]), 4007, 1],
  [
    'a producer time after the year 9999',
    Buffer.concat([good, cluster({ timestamp: 2 ** 50, blocks: [{}] })]),
    4007,
    1,
  ],
  ['more than ten tags', Buffer.concat([good, tags(manyTags(6)), tags(manyTags(5)), second(1)]), 4009, 0],
  [
    'an event of eleven pairs',
    Buffer.concat([good, tags([['AWS_KINESISVIDEO_NOTIFICATION', ''], ...manyTags(11)])]),
    4009,
    0,
  ],
  [
    'more than ten tags after an end-of-fragment tag, which are the next fragment’s',
    Buffer.concat([good, tags({ AWS_KINESISVIDEO_END_OF_FRAGMENT: '' }), tags(manyTags(11)), second(1)]),
    4009,
    1,
  ],
  ['a tag name of 129 bytes', Buffer.concat([good, tags({ ['n'.repeat(129)]: 'x' })]), 4009, 0],
  ['a tag value of 257 bytes', Buffer.concat([good, tags({ A: 'v'.repeat(257) })]), 4009, 0],
  ['a tag value of a megabyte', Buffer.concat([good, tags({ A: 'v'.repeat(1_000_000) })]), 4009, 0],
  [
    'a tag name of the service’s',
    Buffer.concat([good, tags({ AWS_KINESISVIDEO_FRAGMENT_NUMBER: '1' })]),
    4009,
    0,
  ],
  [
    'a tag name of the service’s in the header',
    document(info(), tracks(), tags({ AWSOME: '1' }), second(0)),
    4009,
    0,
  ],
  ['a frame of a track that is not declared', Buffer.concat([good, second(1, { track: 2 })]), 4010, 1],
  [
    'a declared track without a frame',
    document(info(), tracks([{}, { type: 'audio' }]), second(0), second(1)),
    4011,
    0,
  ],
  ['no frame at all', document(info(), tracks(), cluster({ timestamp: 0 })), 4011, 0],
  ['four tracks', document(info(), tracks([{}, {}, {}, {}]), second(0)), 4012, 0],
]

function blockOf(length: number): Buffer {
  return Buffer.concat([encodeId(ID.SimpleBlock), encodeSize(length), Buffer.alloc(length, 0x81)])
}

function openCluster(timestamp: number | bigint): Buffer {
  return Buffer.concat([encodeId(ID.Cluster), encodeSize('unknown'), uint(ID.Timestamp, timestamp)])
}

function badCluster(): Buffer {
  const outrunning = Buffer.concat([uint(ID.Timestamp, 1000), hugeHead(ID.SimpleBlock, 5000)])
  return Buffer.concat([good, master(ID.Cluster, outrunning)])
}

function longCluster(lengthMs: number): Buffer {
  return cluster({ timestamp: 1000, blocks: [{ at: 0 }, { at: lengthMs }] })
}

/** What a body gave, and how many fragments are stored. */
async function put(
  body: Uint8Array,
  options: EmulatorOptions = {},
): Promise<{ acks: readonly Ack[]; whole: number }> {
  await using emulator = await startEmulator({ limits: 'off', ...options })
  const stream = await emulator.addStream({ name: 'door' })
  const producer = new PutMediaClient(emulator.url)
  await producer.write(body)
  const acks = await producer.end()
  return { acks, whole: stream.fragments.length }
}

describe('PutMedia ends a session with an ERROR acknowledgement', () => {
  for (const [what, body, errorId, whole, options] of CASES) {
    it(`${errorId} for ${what}`, async () => {
      const result = await put(body, options)
      const errors = result.acks.filter(ack => ack.EventType === 'ERROR')
      assert.deepEqual(summary(errors), [`ERROR ${errorId}`])
      assert.equal(result.acks.at(-1), errors[0])
      assert.equal(result.whole, whole)
    })
  }

  it('that names the fragment which it is about, once that has begun', async () => {
    const { acks } = await put(Buffer.concat([good, second(1, { track: 2 })]))
    const begun = acks.findLast(ack => ack.EventType === 'BUFFERING')!
    assert.deepEqual(acks.at(-1), {
      EventType: 'ERROR',
      FragmentTimecode: 1000,
      FragmentNumber: begun.FragmentNumber,
      ErrorCode: 'TRACK_NUMBER_MISMATCH',
      ErrorId: 4010,
    })
  })

  it('4507 when the stream is deleted, silent or not', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    await emulator.addStream({ name: 'door' })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(good)
    await producer.ack('BUFFERING')
    await emulator.stream('door').remove()
    assert.deepEqual(summary(await producer.done), ['BUFFERING 0', 'ERROR 4507'])
  })

  it('5001 when the disk takes no more', async t => {
    await using emulator = await startEmulator({ limits: 'off' })
    const stream = await emulator.addStream({ name: 'door' })
    const add = stream.store.add.bind(stream.store)
    t.mock.method(stream.store, 'add', (fragment: Parameters<typeof add>[0]) => {
      void add(fragment)
      return Promise.reject(new Error('no space left on device'))
    })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(Buffer.concat([good, second(1)]))
    const acks = summary(await producer.end())
    assert.equal(acks.at(-1), 'ERROR 5001')
    assert.ok(!acks.some(ack => ack.startsWith('PERSISTED')))
  })

  it('5000 when the service itself fails', async t => {
    t.mock.method(MemoryTable.prototype, 'add', () => {
      throw new Error('a fault of ours')
    })
    assert.equal(summary((await put(Buffer.concat([good, second(1)]))).acks).at(-1), 'ERROR 5000')
  })
})

describe('PutMedia takes what is just allowed', () => {
  const allowed: [string, Uint8Array, number, EmulatorOptions?][] = [
    ['ten tags of 128 and 256 bytes', Buffer.concat([good, ...longTags(), second(1)]), 2],
    ['tags that producers may send', Buffer.concat([good, tags({ AWS_KINESISVIDEO_NOTIFICATION: 'x' })]), 1],
    [
      'nine tags and an event of ten pairs with a prefix',
      Buffer.concat([
        good,
        tags(manyTags(9)),
        tags([
          ['AWS_KINESISVIDEO_IMAGE_GENERATION', ''],
          ['AWS_KINESISVIDEO_IMAGE_PREFIX', 'a'],
          ...manyTags(10),
        ]),
      ]),
      1,
    ],
    ['three tracks', document(info(), tracks([{}, {}, {}]), threeTracks()), 1],
    ['twenty seconds', document(info(), tracks(), longCluster(20_000)), 1],
    [
      'sound before the last pictures, where timecodes are what counts',
      reachingBack(),
      2,
      { fragmentOrder: 'timecodes' },
    ],
    [
      'frames in groups',
      document(info(), tracks(), cluster({ blocks: [{ group: { durationTicks: 40 } }] })),
      1,
    ],
    ['a header alone', document(info(), tracks()), 0],
    ['nothing', new Uint8Array(), 0],
  ]
  for (const [what, body, whole, options] of allowed) {
    it(what, async () => {
      const result = await put(body, options)
      assert.deepEqual(summary(result.acks.filter(ack => ack.EventType === 'ERROR')), [])
      assert.equal(result.whole, whole)
    })
  }

  it('still refuses timecodes that do not rise, where timecodes are what counts', async () => {
    const { acks } = await put(Buffer.concat([good, second(0)]), { fragmentOrder: 'timecodes' })
    assert.equal(summary(acks).at(-1), 'ERROR 4004')
  })
})

function longTags(): Buffer[] {
  return Array.from({ length: 10 }, (_, index) => tags({ [`${index}`.padStart(128, 'n')]: 'v'.repeat(256) }))
}

function threeTracks(): Buffer {
  return cluster({ blocks: [{ track: 1 }, { track: 2 }, { track: 3 }] })
}

function reachingBack(): Buffer {
  return Buffer.concat([good, cluster({ timestamp: 10, blocks: [{ at: -10 }] })])
}

describe('PutMedia answers by status before it takes a body', () => {
  const wrong: [string, Record<string, string | undefined>, number, string][] = [
    ['no stream', { 'x-amzn-stream-name': undefined }, 400, 'InvalidArgumentException'],
    ['a stream that is not there', { 'x-amzn-stream-name': 'gate' }, 404, 'ResourceNotFoundException'],
    ['a name that cannot be', { 'x-amzn-stream-name': '../gate' }, 400, 'InvalidArgumentException'],
    ['no timecode type', { 'x-amzn-fragment-timecode-type': undefined }, 400, 'InvalidArgumentException'],
    [
      'another timecode type',
      { 'x-amzn-fragment-timecode-type': 'relative' },
      400,
      'InvalidArgumentException',
    ],
    [
      'a start that is no number',
      { 'x-amzn-producer-start-timestamp': 'now' },
      400,
      'InvalidArgumentException',
    ],
    [
      'no start of RELATIVE timecodes',
      { 'x-amzn-producer-start-timestamp': undefined },
      400,
      'InvalidArgumentException',
    ],
    [
      'another wish for acknowledgements',
      { 'x-amzn-fragment-acknowledgment-required': '2' },
      400,
      'InvalidArgumentException',
    ],
    [
      'both a name and an ARN',
      { 'x-amzn-stream-arn': 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1' },
      400,
      'InvalidArgumentException',
    ],
  ]
  for (const [what, headers, statusCode, errorType] of wrong) {
    it(`${errorType} for ${what}`, async () => {
      await using emulator = await startEmulator({ limits: 'off' })
      await emulator.addStream({ name: 'door' })
      const producer = new PutMediaClient(emulator.url, { headers })
      const response = await producer.response
      assert.equal(response.statusCode, statusCode)
      assert.equal(response.headers['x-amzn-errortype'], errorType)
      producer.destroy()
    })
  }

  it('nothing wrong with an ARN alone', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    const { arn } = await emulator.addStream({ name: 'door' })
    const producer = new PutMediaClient(emulator.url, {
      headers: { 'x-amzn-stream-name': undefined, 'x-amzn-stream-arn': arn },
    })
    const ended = producer.end()
    assert.equal((await producer.response).statusCode, 200)
    await ended
  })
})
