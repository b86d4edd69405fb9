import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OptionError } from '../../../lib/core/errors.ts'
import type { MkvEvent } from '../../../lib/matroska/reader/events.ts'
import { MkvReader, type MkvReaderOptions } from '../../../lib/matroska/reader/mkv-reader.ts'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import {
  block,
  element,
  encodeId,
  encodeSize,
  float,
  master,
  string,
  UNKNOWN_SIZE,
  uint,
} from '../../../lib/matroska/writer/writer.ts'
import { chunkings, cutEvery } from '../../support/chunkings.ts'
import {
  awsTags,
  cluster,
  crc32,
  document,
  ebmlHeader,
  type FrameOptions,
  fragment,
  frame,
  info,
  payload,
  segmentHead,
  type TrackOptions,
  tags,
  tracks,
  voidElement,
} from '../../support/mkv-builder.ts'
import { eventsOf, faultOf, framesOf, readMkv, textsOf, typesOf } from '../read-mkv.ts'

const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
const unknown = (id: number, width = 1) => join(encodeId(id), encodeSize(UNKNOWN_SIZE, width))
const types = (bytes: Uint8Array) => eventsOf(bytes).map(({ type }) => type)
const times = (bytes: Uint8Array) => framesOf(bytes).map(({ timestampMs }) => timestampMs)

describe('MkvReader tells a chunk of GetMedia', () => {
  const chunk = fragment({
    number: '7',
    timestamp: 2000,
    tracks: [{ name: 'door', codecId: 'V_TEST' }],
    headerTags: { leading: 'a' },
    frames: [
      { at: 0, keyframe: true, data: 'one' },
      { at: 40, data: 'two' },
    ],
    tags: { trailing: 'b' },
    producer: 'pic',
    nul: true,
    crc: true,
    voidBytes: 3,
  })
  const whole = [
    'document-start',
    'info',
    'tracks',
    'tags',
    'tags',
    'cluster',
    'frame',
    'frame',
    'cluster-end',
    'tags',
    'tags',
    'document-end',
  ]

  it('in the payload’s own order', () => assert.deepEqual(types(chunk), whole))

  it('the same however it is cut', () => {
    const expected = readMkv([chunk])
    for (const { name, chunks } of chunkings(chunk)) assert.deepEqual(readMkv(chunks), expected, name)
  })

  it('with each part of it', () => {
    const events = eventsOf(chunk).filter(({ type }) => type !== 'tracks' && type !== 'tags')
    const common = {
      type: 'frame',
      track: 1,
      invisible: false,
      discardable: false,
      durationMs: undefined,
      laceIndex: 0,
    }
    const clusterOffset = chunk.indexOf(encodeId(ID.Cluster))
    assert.deepEqual(events, [
      { type: 'document-start', byteOffset: 0, docType: 'matroska', docTypeVersion: 4 },
      {
        type: 'info',
        timestampScale: 1_000_000,
        durationMs: undefined,
        title: undefined,
        muxingApp: 'specs',
        writingApp: 'specs',
      },
      { type: 'cluster', byteOffset: clusterOffset, timestampMs: 2000 },
      { ...common, timestampMs: 2000, keyframe: true, data: Buffer.from('one') },
      { ...common, timestampMs: 2040, keyframe: false, data: Buffer.from('two') },
      { type: 'cluster-end' },
      { type: 'document-end', byteOffset: chunk.length, reason: 'end-of-payload' },
    ])
  })

  it('as soon as the bytes of each thing have come', () => {
    const reader = new MkvReader()
    const cameAt = new Map<string, number>()
    for (const [index, byte] of cutEvery(chunk, 1).entries()) {
      reader.push(byte)
      for (let event = reader.next(); event !== undefined; event = reader.next())
        cameAt.set(event.type, index + 1)
    }
    const end = (bytes: string) => chunk.lastIndexOf(bytes) + bytes.length
    assert.deepEqual([cameAt.get('frame'), cameAt.get('tags')], [end('two'), chunk.length - 5])
  })
})

describe('MkvReader reads documents one after the other', () => {
  it('and ends each at the next header', () => {
    const [first, second, third] = ['1', '2', '3'].map(number => fragment({ number })) as [
      Buffer,
      Buffer,
      Buffer,
    ]
    const ends = eventsOf(payload(first, second, third)).filter(({ type }) => type === 'document-end')
    const at = first.length
    assert.deepEqual(ends, [
      { type: 'document-end', byteOffset: at, reason: 'next-document' },
      { type: 'document-end', byteOffset: 2 * at, reason: 'next-document' },
      { type: 'document-end', byteOffset: 3 * at, reason: 'end-of-payload' },
    ])
  })

  const fine = document(
    info({ timestampScale: 2_000_000 }),
    tracks([{ headerStripping: 'AB' }]),
    cluster({ timestamp: 5, blocks: [{ data: 'c' }] }),
  )
  const plain = [cluster({ timestamp: 5, blocks: [{ data: 'c' }] })]
  const cases: [name: string, input: Buffer][] = [
    ['with the clock and the tracks of each', payload(fine, document(...plain))],
    ['with the clock and the tracks of each Segment in one', payload(fine, segmentHead(), ...plain)],
  ]
  for (const [name, input] of cases) {
    it(name, () =>
      assert.deepEqual(
        [times(input), textsOf(input)],
        [
          [10, 5],
          ['ABc', 'c'],
        ],
      ),
    )
  }

  it('with the tracks that came last, where they come again', () => {
    const [first, second] = [
      tracks([{ headerStripping: 'A' }, { headerStripping: 'B' }]),
      tracks([{ headerStripping: 'C' }]),
    ]
    const both = cluster({ blocks: [{ data: 'x' }, { track: 2, data: 'x' }] })
    assert.deepEqual(textsOf(document(first, both, second, both)), ['Ax', 'Bx', 'Cx'])
  })

  it('with whatever lies between them skipped', () => {
    const known = join(ebmlHeader(), master(ID.Segment, tracks(), cluster({ blocks: [{}] })))
    assert.deepEqual(types(payload(known, voidElement(5), known)), [
      ...['document-start', 'tracks', 'cluster', 'frame', 'cluster-end', 'document-end'],
      ...['document-start', 'tracks', 'cluster', 'frame', 'cluster-end', 'document-end'],
    ])
  })

  it('of nothing but a header', () =>
    assert.deepEqual(types(payload(ebmlHeader(), ebmlHeader())), [
      'document-start',
      'document-end',
      'document-start',
      'document-end',
    ]))
  it('and says nothing of no bytes', () => assert.deepEqual(eventsOf(Buffer.alloc(0)), []))

  const headers: [name: string, header: Buffer, docType: string, docTypeVersion: number][] = [
    ['WebM', ebmlHeader({ docType: 'webm', docTypeVersion: 2 }), 'webm', 2],
    ['a type that ends in NUL', ebmlHeader({ nul: true }), 'matroska', 4],
    ['no type at all', master(ID.EBML), 'matroska', 1],
    ['an empty type', master(ID.EBML, string(ID.DocType, '')), 'matroska', 1],
    [
      'extensions',
      master(
        ID.EBML,
        master(ID.DocTypeExtension, string(ID.DocTypeExtensionName, 'x')),
        string(ID.DocType, 'webm'),
      ),
      'webm',
      1,
    ],
    ['a CRC-32 and a Void', master(ID.EBML, crc32(), string(ID.DocType, 'webm'), voidElement(2)), 'webm', 1],
    ['an unknown size', join(unknown(ID.EBML), string(ID.DocType, 'webm'), segmentHead()), 'webm', 1],
  ]
  for (const [name, header, docType, docTypeVersion] of headers) {
    it(`whose header has ${name}`, () => {
      assert.deepEqual(eventsOf(header)[0], {
        type: 'document-start',
        byteOffset: 0,
        docType,
        docTypeVersion,
      })
    })
  }

  it('but of no other type than Matroska and WebM', () => {
    const { error, events } = readMkv([payload(fragment(), ebmlHeader({ docType: 'mp4' }))])
    const byteOffset = fragment().length
    assert.deepEqual(
      [faultOf(error), events.at(-1)],
      [
        { code: 'ERR_MKV_SYNTAX', byteOffset, elementPath: 'EBML/DocType' },
        { type: 'document-end', byteOffset, reason: 'next-document' },
      ],
    )
  })
})

describe('MkvReader reads clusters', () => {
  const blocks = [{ data: 'a' }, { data: 'b' }]
  for (let width = 1; width <= 8; width++) {
    const inner = (timestamp: number) => join(uint(ID.Timestamp, timestamp), ...blocks.map(frame))
    it(`of unknown size and of known size, in ${width} bytes`, () => {
      const head = join(ebmlHeader(), segmentHead(width))
      const known = element(ID.Cluster, inner(10), { sizeWidth: Math.max(width, 1) })
      const input = join(
        head,
        unknown(ID.Cluster, width),
        inner(5),
        known,
        unknown(ID.Cluster, width),
        inner(20),
        tags({ a: 'b' }),
      )
      assert.deepEqual(
        [times(input), types(input).filter(type => type === 'cluster-end').length],
        [[5, 5, 10, 10, 20, 20], 3],
      )
    })
  }

  const cases: [name: string, elements: Buffer[], expected: string[]][] = [
    ['that are empty', [cluster()], ['cluster', 'cluster-end']],
    ['of no bytes', [master(ID.Cluster)], ['cluster', 'cluster-end']],
    [
      'of unknown size and no bytes',
      [unknown(ID.Cluster), unknown(ID.Cluster)],
      ['cluster', 'cluster-end', 'cluster', 'cluster-end'],
    ],
    ['without a timestamp', [master(ID.Cluster, frame())], ['cluster', 'frame', 'cluster-end']],
    [
      'with a timestamp that comes late',
      [master(ID.Cluster, frame(), uint(ID.Timestamp, 9), frame())],
      ['cluster', 'frame', 'frame', 'cluster-end'],
    ],
    [
      'with two timestamps',
      [master(ID.Cluster, uint(ID.Timestamp, 1), uint(ID.Timestamp, 2), frame())],
      ['cluster', 'frame', 'cluster-end'],
    ],
    [
      'with what is not read in them',
      [master(ID.Cluster, crc32(), uint(ID.Timestamp, 1), uint(ID.PrevSize, 5), voidElement(4), frame())],
      ['cluster', 'frame', 'cluster-end'],
    ],
    [
      'that a Void parts',
      [cluster(), voidElement(2), cluster()],
      ['cluster', 'cluster-end', 'cluster', 'cluster-end'],
    ],
  ]
  for (const [name, elements, expected] of cases) {
    it(name, () => {
      const input = document(tracks(), ...elements)
      for (const { name: cut, chunks } of chunkings(input)) {
        assert.deepEqual(
          typesOf(readMkv(chunks)),
          ['document-start', 'tracks', ...expected, 'document-end'],
          cut,
        )
      }
    })
  }

  it('and counts from zero where there is no timestamp', () => {
    assert.deepEqual(
      times(document(cluster({ timestamp: 50, blocks: [{}] }), master(ID.Cluster, frame({ at: 3 })))),
      [50, 3],
    )
  })
})

describe('MkvReader reads frames', () => {
  const read = (options: FrameOptions) =>
    framesOf(
      document(tracks([{ defaultDurationNs: 40_000_000 }]), cluster({ timestamp: 100, blocks: [options] })),
    )
  const plain = {
    track: 1,
    timestampMs: 100,
    keyframe: false,
    invisible: false,
    discardable: false,
    durationMs: 40,
    laceIndex: 0,
  }
  const cases: [name: string, options: FrameOptions, expected: object][] = [
    ['of a SimpleBlock', {}, plain],
    [
      'of a SimpleBlock with every flag',
      { keyframe: true, invisible: true, discardable: true },
      { ...plain, keyframe: true, invisible: true, discardable: true },
    ],
    ['from before their cluster', { at: -101 }, { ...plain, timestampMs: -1 }],
    ['of the widest size', { sizeWidth: 8 }, plain],
    ['of a BlockGroup without a reference, a keyframe', { group: {} }, { ...plain, keyframe: true }],
    ['of a BlockGroup with a reference', { group: { references: [-40] } }, plain],
    ['of a BlockGroup with two references', { group: { references: [-40, 40] } }, plain],
    ['of a BlockGroup with a reference of no distance', { group: { references: [0] } }, plain],
    [
      'of a BlockGroup with a duration',
      { group: { durationTicks: 20 } },
      { ...plain, keyframe: true, durationMs: 20 },
    ],
    [
      'of a BlockGroup that is invisible',
      { group: {}, invisible: true },
      { ...plain, keyframe: true, invisible: true },
    ],
  ]
  for (const [name, options, expected] of cases) {
    it(name, () =>
      assert.deepEqual(read(options), [{ type: 'frame', ...expected, data: Buffer.from('frame') }]),
    )
  }

  const inGroup = block({ track: 1, relativeTimestamp: 0, frames: [Buffer.from('x')] })
  const groups: [name: string, children: Buffer[], durationMs: number | undefined][] = [
    ['whose duration comes first', [uint(ID.BlockDuration, 5), inGroup], 5],
    [
      'with additions, a Void and a CRC-32',
      [crc32(), inGroup, master(ID.BlockAdditions, master(ID.BlockMore)), voidElement(3)],
      undefined,
    ],
    ['with a duration beyond 2^53', [inGroup, uint(ID.BlockDuration, 2n ** 64n - 1n)], 2 ** 64],
  ]
  for (const [name, children, durationMs] of groups) {
    it(`of a BlockGroup ${name}`, () => {
      const input = document(master(ID.Cluster, master(ID.BlockGroup, ...children)))
      assert.deepEqual(
        framesOf(input).map(frame => [frame.keyframe, frame.durationMs]),
        [[true, durationMs]],
      )
    })
  }

  /** Three frames in a lace: their times and durations. */
  const lace = (track: TrackOptions, options: FrameOptions = {}) =>
    framesOf(
      document(
        tracks([track]),
        cluster({ timestamp: 100, blocks: [{ lacing: 'xiph', data: ['a', '', 'ccc'], ...options }] }),
      ),
    ).map(({ timestampMs, durationMs }) => [timestampMs, durationMs])
  const opus: TrackOptions = { type: 'audio', codecId: 'A_OPUS' }
  /** Opus packets of 20, 10 and 2.5 ms. */
  const packets = ['08', '00', '80'].map(toc => Buffer.from(toc, 'hex'))
  const at40: TrackOptions = { defaultDurationNs: 40_000_000 }
  const laces: [name: string, track: TrackOptions, options: FrameOptions, expected: unknown][] = [
    [
      'by the DefaultDuration',
      at40,
      {},
      [
        [100, 40],
        [140, 40],
        [180, 40],
      ],
    ],
    [
      'by equal parts of a BlockDuration',
      {},
      { group: { durationTicks: 30 } },
      [
        [100, 10],
        [110, 10],
        [120, 10],
      ],
    ],
    [
      'by the BlockDuration where the DefaultDuration contradicts it',
      ...([at40, { group: { durationTicks: 30 } }] as const),
      [
        [100, 10],
        [110, 10],
        [120, 10],
      ],
    ],
    [
      'by the DefaultDuration where the BlockDuration cuts the last frame short',
      ...([at40, { group: { durationTicks: 95 } }] as const),
      [
        [100, 40],
        [140, 40],
        [180, 15],
      ],
    ],
    [
      'by the codec',
      opus,
      { data: packets },
      [
        [100, 20],
        [120, 10],
        [130, 2.5],
      ],
    ],
    [
      'by the codec where the BlockDuration is rounded',
      ...([opus, { data: packets, group: { durationTicks: 33 } }] as const),
      [
        [100, 20],
        [120, 10],
        [130, 2.5],
      ],
    ],
    [
      'by the codec where the BlockDuration cuts the last frame short',
      ...([opus, { data: packets, group: { durationTicks: 31 } }] as const),
      [
        [100, 20],
        [120, 10],
        [130, 1],
      ],
    ],
    [
      'at one time where nothing tells',
      {},
      {},
      [
        [100, undefined],
        [100, undefined],
        [100, undefined],
      ],
    ],
  ]
  for (const [name, track, options, expected] of laces) {
    it(`of a lace, singly, each after the one before ${name}`, () =>
      assert.deepEqual(lace(track, options), expected))
  }

  it('of a lace with their data, their places in it and its flags', () => {
    const frames = read({ lacing: 'xiph', data: ['a', '', 'ccc'], keyframe: true })
    assert.deepEqual(
      frames.map(({ laceIndex, keyframe, data }) => [laceIndex, keyframe, String(data)]),
      [
        [0, true, 'a'],
        [1, true, ''],
        [2, true, 'ccc'],
      ],
    )
  })

  it('with times and durations of a track multiplied by its TrackTimestampScale', () => {
    const entry = (number: number, ...more: Buffer[]) =>
      master(ID.TrackEntry, uint(ID.TrackNumber, number), uint(ID.TrackUID, number), ...more)
    const input = document(
      info({ timestampScale: 500_000 }),
      master(
        ID.Tracks,
        entry(1, float(ID.TrackTimestampScale, 2.5), uint(ID.DefaultDuration, 20e6)),
        entry(2),
        entry(3, float(ID.TrackTimestampScale, 0)),
        entry(4, float(ID.TrackTimestampScale, -1)),
      ),
      cluster({
        timestamp: 1000,
        blocks: [
          { track: 1, at: 10 },
          { track: 1, at: -10, group: { durationTicks: 8 } },
          { track: 1, at: 20, lacing: 'xiph', data: ['a', 'b'] },
          { track: 2, at: 10, group: { durationTicks: 8 } },
          { track: 3, at: 10 },
          { track: 4, at: 10 },
        ],
      }),
    )
    assert.deepEqual(
      framesOf(input).map(({ timestampMs, durationMs }) => [timestampMs, durationMs]),
      [
        [512.5, 20],
        [487.5, 10],
        [525, 20],
        [545, 20],
        [505, 4],
        [505, undefined],
        [505, undefined],
      ],
    )
  })

  it('of 256 to a lace', () => {
    const data = Array.from({ length: 256 }, (_, i) => String(i))
    assert.deepEqual(textsOf(document(cluster({ blocks: [{ lacing: 'ebml', data }] }))), data)
  })

  it('that are empty', () =>
    assert.deepEqual(textsOf(document(cluster({ blocks: [{ data: '' }, { data: '', group: {} }] }))), [
      '',
      '',
    ]))

  it('that are larger than any chunk, with one copy', () => {
    const data = Buffer.alloc(300_000, 'abc')
    const { events } = readMkv(cutEvery(document(cluster({ blocks: [{ data }] })), 1000))
    const [given] = events.flatMap(event => (event.type === 'frame' ? [event.data] : []))
    assert.ok(Buffer.from(given!).equals(data))
  })

  it('as views where they lie in one chunk', () => {
    const input = document(
      cluster({ blocks: [{ data: 'a' }, { data: ['b', 'c'], lacing: 'xiph' }, { group: {}, data: 'd' }] }),
    )
    assert.deepEqual(
      framesOf(input).map(({ data }) => data.buffer === input.buffer),
      [true, true, true, true],
    )
  })

  it('as plain arrays where those came', () => {
    const input = Uint8Array.from(document(cluster({ blocks: [{}] })))
    assert.deepEqual(
      framesOf(input).map(({ data }) => Buffer.isBuffer(data)),
      [false],
    )
  })
})

describe('MkvReader reads times', () => {
  const at = (timestampScale: number | null, timestamp: number | bigint, relative: number) =>
    document(info({ timestampScale }), cluster({ timestamp, blocks: [{ at: relative }] }))
  const cases: [name: string, input: Buffer, expectedMs: number][] = [
    ['in milliseconds where no scale is written', at(null, 2000, 40), 2040],
    [
      'in milliseconds where there is no Info',
      document(cluster({ timestamp: 2000, blocks: [{ at: 40 }] })),
      2040,
    ],
    ['in tenths of microseconds', at(100, 20_000_000, -1), 1999.9999],
    ['of the epoch in milliseconds', at(1_000_000, 1_726_677_688_724, 64), 1_726_677_688_788],
    ['of the epoch in microseconds', at(1000, 1_726_677_688_724_001, 0), 1_726_677_688_724.001],
    [
      'of the epoch in nanoseconds, beyond 2^53',
      at(1, 1_726_677_688_724_000_000n, -24_000),
      1_726_677_688_723.976,
    ],
    ['in eight bytes', document(master(ID.Cluster, uint(ID.Timestamp, 5, { width: 8 }), frame())), 5],
    [
      'in no bytes, which is zero',
      document(master(ID.Cluster, uint(ID.Timestamp, 0, { width: 0 }), frame())),
      0,
    ],
  ]
  for (const [name, input, expectedMs] of cases) it(name, () => assert.deepEqual(times(input), [expectedMs]))
})

describe('MkvReader reads Info', () => {
  const read = (...children: readonly Buffer[]) => eventsOf(document(master(ID.Info, ...children)))[1]
  const plain = {
    type: 'info',
    timestampScale: 1_000_000,
    durationMs: undefined,
    title: undefined,
    muxingApp: undefined,
    writingApp: undefined,
  }
  const cases: [name: string, children: Buffer[], expected: object][] = [
    ['that is empty', [], plain],
    ['with an empty scale, which is the default', [uint(ID.TimestampScale, 0, { width: 0 })], plain],
    [
      'with texts that end in NUL',
      [string(ID.Title, 'Kinesis Video SDK\0')],
      { ...plain, title: 'Kinesis Video SDK' },
    ],
    [
      'with a duration in ticks',
      [uint(ID.TimestampScale, 500_000), float(ID.Duration, 100)],
      { ...plain, timestampScale: 500_000, durationMs: 50 },
    ],
    ['with a duration of four bytes', [float(ID.Duration, 100, { width: 4 })], { ...plain, durationMs: 100 }],
    [
      'twice over, the later counts',
      [uint(ID.TimestampScale, 1), uint(ID.TimestampScale, 2)],
      { ...plain, timestampScale: 2 },
    ],
  ]
  for (const [name, children, expected] of cases)
    it(name, () => assert.deepEqual(read(...children), expected))
})

describe('MkvReader refuses', () => {
  const at = (parent: Buffer, child: Buffer) => parent.indexOf(child)
  const scaleZero = document(info({ timestampScale: 0 }))
  const badDuration = document(master(ID.Info, element(ID.Duration, Buffer.alloc(3))))
  const longTime = document(master(ID.Cluster, element(ID.Timestamp, Buffer.alloc(9))))
  const emptyGroup = document(master(ID.Cluster, master(ID.BlockGroup, uint(ID.BlockDuration, 1))))
  const shortBlock = document(master(ID.Cluster, element(ID.SimpleBlock, Buffer.of(0x81, 0, 0))))
  const two = [0, 1].map(() => block({ track: 1, relativeTimestamp: 0, frames: [Buffer.from('x')] }))
  const twoBlocks = document(master(ID.Cluster, master(ID.BlockGroup, ...two)))
  const badLace = document(master(ID.Cluster, element(ID.SimpleBlock, Buffer.of(0x81, 0, 0, 0x04, 1, 9))))
  const cases: [name: string, input: Buffer, byteOffset: number, elementPath: string][] = [
    ['a timestamp scale of zero', scaleZero, at(scaleZero, encodeId(ID.Info)), 'Segment/Info/TimestampScale'],
    ['a float of three bytes', badDuration, at(badDuration, encodeId(ID.Duration)), 'Segment/Info/Duration'],
    [
      'a time of nine bytes',
      longTime,
      at(longTime, Buffer.of(ID.Timestamp, 0x89)),
      'Segment/Cluster/Timestamp',
    ],
    [
      'a BlockGroup without a block',
      emptyGroup,
      at(emptyGroup, Buffer.of(ID.BlockGroup)),
      'Segment/Cluster/BlockGroup',
    ],
    [
      'a second block in one BlockGroup',
      twoBlocks,
      twoBlocks.lastIndexOf(two[1]!),
      'Segment/Cluster/BlockGroup/Block',
    ],
    [
      'a block without flags',
      shortBlock,
      at(shortBlock, Buffer.of(ID.SimpleBlock, 0x83)),
      'Segment/Cluster/SimpleBlock',
    ],
    [
      'a lace that does not fit',
      badLace,
      at(badLace, Buffer.of(ID.SimpleBlock, 0x86)),
      'Segment/Cluster/SimpleBlock',
    ],
  ]
  for (const [name, input, byteOffset, elementPath] of cases) {
    it(`${name}, with its offset and path`, () => {
      assert.deepEqual(faultOf(readMkv([input]).error), { code: 'ERR_MKV_SYNTAX', byteOffset, elementPath })
    })
  }

  it('bad bytes only after every whole frame before them', () => {
    const input = join(
      document(cluster({ blocks: [{ data: 'a' }, { data: 'b' }], unknownSize: true })),
      Buffer.alloc(3),
    )
    for (const { name, chunks } of chunkings(input)) {
      const { events, error } = readMkv(chunks)
      const frames = events.flatMap(event => (event.type === 'frame' ? [String(event.data)] : []))
      assert.deepEqual(
        [frames, faultOf(error)],
        [
          ['a', 'b'],
          { code: 'ERR_MKV_SYNTAX', byteOffset: input.length - 3, elementPath: 'Segment/Cluster' },
        ],
        name,
      )
    }
  })
})

describe('MkvReader keeps to limits', () => {
  const limited = (input: Uint8Array, options: MkvReaderOptions) => faultOf(readMkv([input], options).error)
  const blocks = (size: number) => document(cluster({ blocks: [{ data: Buffer.alloc(size) }] }))
  const laced = document(
    cluster({ blocks: [{ lacing: 'xiph', data: [Buffer.alloc(100), Buffer.alloc(101)] }] }),
  )
  const grouped = document(cluster({ blocks: [{ group: {}, data: Buffer.alloc(101) }] }))
  const cases: [name: string, input: Buffer, options: MkvReaderOptions, elementPath: string | undefined][] = [
    ['a frame at the limit', blocks(100), { maxFrameBytes: 100 }, undefined],
    ['a frame over the limit', blocks(101), { maxFrameBytes: 100 }, 'Segment/Cluster/SimpleBlock'],
    ['a frame far over the limit', blocks(200_000), { maxFrameBytes: 100 }, 'Segment/Cluster/SimpleBlock'],
    ['a frame of a lace over the limit', laced, { maxFrameBytes: 100 }, 'Segment/Cluster/SimpleBlock'],
    ['a frame of a BlockGroup over the limit', grouped, { maxFrameBytes: 100 }, 'Segment/Cluster/BlockGroup'],
    ['tags at their ease', document(tags({ a: 'b' })), { maxMetadataBytes: 500 }, undefined],
    [
      'one tag over the limit',
      document(tags({ a: 'b'.repeat(501) })),
      { maxMetadataBytes: 500 },
      'Segment/Tags/Tag/SimpleTag/TagString',
    ],
    [
      'many tags over the limit',
      document(tags({ a: 'b'.repeat(300), c: 'd'.repeat(300) })),
      { maxMetadataBytes: 600 },
      'Segment/Tags/Tag/SimpleTag',
    ],
    [
      'a flood of empty elements',
      document(master(ID.Tags, ...Array.from({ length: 100 }, () => master(ID.Tag)))),
      { maxMetadataElements: 50 },
      'Segment/Tags/Tag',
    ],
  ]
  for (const [name, input, options, elementPath] of cases) {
    it(`for ${name}`, () => {
      const fault = limited(input, { maxMetadataBytes: 5000, ...options }) as
        | { code: string; elementPath: string }
        | undefined
      assert.deepEqual(
        fault && [fault.code, fault.elementPath],
        elementPath && ['ERR_MKV_LIMIT', elementPath],
      )
    })
  }

  it('and allocates nothing for a size that is only declared', () => {
    // A terabyte could not be had: an attempt would throw.
    const head = join(encodeId(ID.SimpleBlock), encodeSize(2 ** 40))
    const input = join(document(unknown(ID.Cluster), uint(ID.Timestamp, 1)), head, Buffer.alloc(50))
    const { events, error } = readMkv([input], { maxFrameBytes: 2 ** 41 })
    const truncated = {
      type: 'truncated',
      byteOffset: input.length,
      elementPath: 'Segment/Cluster/SimpleBlock',
    }
    assert.deepEqual([events.at(-1), error], [truncated, undefined])
  })

  it('and refuses such a size before its bytes come, by default', () => {
    const head = join(encodeId(ID.SimpleBlock), encodeSize(2 ** 40))
    const { error } = readMkv([join(document(unknown(ID.Cluster)), head)])
    assert.match(
      error?.message ?? '',
      /SimpleBlock of 1099511627776 bytes is over the limit .* raise `maxFrameBytes`/,
    )
  })

  const wrong: [name: string, options: object][] = [
    ['zero', { maxFrameBytes: 0 }],
    ['a fraction', { maxMetadataBytes: 1.5 }],
    ['text', { maxFrameBytes: '5' }],
  ]
  for (const [name, options] of wrong) {
    it(`and takes no limit of ${name}`, () => assert.throws(() => new MkvReader(options), OptionError))
  }
})

describe('MkvReader, when the bytes end at any byte of a payload,', () => {
  /** What stands whole at the top of a document, or in a cluster of unknown size. */
  const open = [
    ebmlHeader(),
    segmentHead(),
    voidElement(1),
    info(),
    tracks(),
    tags({ a: 'b' }),
    unknown(ID.Cluster),
    uint(ID.Timestamp, 5),
    frame({ data: 'one' }),
    frame({ data: ['two', 'three'], lacing: 'ebml' }),
    frame({ data: 'four', group: { references: [-1], durationTicks: 3 } }),
    element(0xfe, Buffer.from('unknown')),
    awsTags([['CONTINUATION_TOKEN', '1']]),
  ]
  const known = [
    ...open.slice(0, 6),
    cluster({ blocks: [{ data: 'one' }, { data: 'two' }] }),
    tags({ c: 'd' }),
  ]
  const payloads: [name: string, parts: Buffer[]][] = [
    ['a cluster of unknown size', open],
    ['a cluster of known size', known],
    ['two documents', [...open, ...known]],
    [
      'a segment of known size',
      [ebmlHeader(), master(ID.Segment, ...open.slice(2, 6), cluster({ blocks: [{}] }))],
    ],
  ]
  for (const [name, parts] of payloads) {
    it(`gives what was whole, and says whether it was broken off: ${name}`, () => {
      const input = join(...parts)
      const boundaries = new Set(parts.map((_, index) => join(...parts.slice(0, index + 1)).length))
      const available = arrivals(input)
      for (let cut = 1; cut <= input.length; cut++) {
        const { events, error } = readMkv([input.subarray(0, cut)])
        const whole = available.filter(({ needs }) => needs <= cut).map(({ event }) => event)
        const said = events.slice(0, whole.length)
        const closing = events.slice(whole.length)
        assert.deepEqual([said, error], [whole, undefined], `cut at ${cut}`)
        const last = closing.at(-1)
        assert.deepEqual(last && [last.type, 'byteOffset' in last && last.byteOffset], [
          boundaries.has(cut) ? 'document-end' : 'truncated',
          cut,
        ])
        // A cluster that ends before its timestamp came is told of at its end.
        const closers = ['cluster', 'cluster-end']
        assert.deepEqual(
          closing.slice(0, -1).filter(({ type }) => !closers.includes(type)),
          [],
        )
      }
    })
  }
})

/** The events before the end, each with the number of bytes that it needs. */
function arrivals(input: Uint8Array): { event: MkvEvent; needs: number }[] {
  const reader = new MkvReader()
  const found: { event: MkvEvent; needs: number }[] = []
  for (const [index, byte] of cutEvery(input, 1).entries()) {
    reader.push(byte)
    for (let event = reader.next(); event !== undefined; event = reader.next())
      found.push({ event, needs: index + 1 })
  }
  return found
}
