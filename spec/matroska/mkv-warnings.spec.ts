import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MkvEvent, MkvWarning } from '../../lib/matroska/reader/events.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { element, encodeId, encodeSize, master } from '../../lib/matroska/writer/writer.ts'
import { chunkings } from '../support/chunkings.ts'
import { cluster, document, ebmlHeader, frame, info, payload, tags, tracks } from '../support/mkv-builder.ts'
import { digest, eventsOf, readMkv, textsOf } from './read-mkv.ts'

const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
const head = (id: number, size: number) => join(encodeId(id), encodeSize(size, 8))
const warningsOf = (input: Uint8Array) =>
  eventsOf(input).filter((event): event is MkvWarning => event.type === 'warning')
/** What a program can rely on. */
const facts = (input: Uint8Array) =>
  warningsOf(input).map(({ code, track, mediaMissing }) => ({
    code,
    mediaMissing,
    ...(track === undefined ? {} : { track }),
  }))
const skippedOf = (events: readonly MkvEvent[]) =>
  events.flatMap(event =>
    (event.type === 'cluster-end' || event.type === 'document-end') && event.skippedBlocks !== undefined
      ? [event.skippedBlocks]
      : [],
  )

const media = [info(), tracks(), cluster({ blocks: [{ data: 'a' }, { data: 'b' }] })]
const mediaBytes = media.reduce((sum, { length }) => sum + length, 0)

describe('MkvReader, of a block of a track that Tracks does not declare,', () => {
  const of7 = frame({ track: 7, data: 'x' })
  const grouped = frame({ track: 7, data: 'x', group: {} })
  const laced = frame({ track: 7, data: ['x', 'y'], lacing: 'ebml' })
  const wide = frame({ track: 300, data: 'x' })
  const input = document(
    info(),
    tracks(),
    cluster({ blocks: [{ data: 'a' }, of7, { data: 'b' }, grouped, wide] }),
    cluster({ blocks: [laced, { data: 'c' }] }),
  )

  it('skips it, whatever its kind, and reads the other tracks on', () => {
    assert.deepEqual(textsOf(input), ['a', 'b', 'c'])
  })

  it('counts each block, and warns once for each track', () => {
    const missing = { code: 'undeclared-track', mediaMissing: true }
    assert.deepEqual(facts(input), [
      { ...missing, track: 7 },
      { ...missing, track: 300 },
    ])
    assert.deepEqual(skippedOf(eventsOf(input)), [3, 1, 4])
    assert.deepEqual(facts(payload(input, input)).length, 4)
  })

  it('says where, which, and what to do', () => {
    const at = input.indexOf(of7)
    const [warning] = warningsOf(input)
    assert.deepEqual([warning?.byteOffset, warning?.elementPath], [at, 'Segment/Cluster'])
    assert.match(
      warning?.message ?? '',
      new RegExp(`^the block at byte ${at} belongs to track 7, .* Correct the producer`),
    )
  })

  it('gives the same however the bytes are cut', () => {
    const whole = digest(readMkv([input]))
    for (const { name, chunks } of chunkings(input)) assert.equal(digest(readMkv(chunks)), whole, name)
  })

  it('warns of a bounded number of tracks', () => {
    const blocks = Array.from({ length: 500 }, (_, index) => ({ track: index + 2 }))
    const events = eventsOf(document(info(), tracks(), cluster({ blocks })))
    assert.deepEqual(
      [events.filter(({ type }) => type === 'warning').length, skippedOf(events)],
      [32, [500, 500]],
    )
  })

  it('reads all blocks of a document without Tracks, and warns once', () => {
    const without = document(info(), cluster({ blocks: [{ track: 7, data: 'x' }, { data: 'y' }] }))
    assert.deepEqual(
      [textsOf(without), facts(without)],
      [['x', 'y'], [{ code: 'tracks-missing', mediaMissing: false }]],
    )
  })
})

describe('MkvReader, of sizes that are wrong,', () => {
  const segment = (size: number, ...children: readonly Uint8Array[]) =>
    join(ebmlHeader(), head(ID.Segment, size), ...children)
  const children = cluster({ blocks: [{ data: 'a' }, { data: 'b' }] }).subarray(5)
  const size = { code: 'segment-size', mediaMissing: false }
  const short = { code: 'segment-size', mediaMissing: true }
  const cases: [name: string, input: Uint8Array, warnings: object[], texts: string[]][] = [
    ['a right size of a Segment', segment(mediaBytes, ...media), [], ['a', 'b']],
    ['a Segment of size zero', segment(0, ...media), [size], ['a', 'b']],
    ['a Segment of size zero with nothing in it', segment(0), [], []],
    ...[1, 40, mediaBytes - 1].map((bytes): [string, Uint8Array, object[], string[]] => [
      `a Segment that declares ${bytes} of its ${mediaBytes} bytes`,
      segment(bytes, ...media),
      [size],
      ['a', 'b'],
    ]),
    [
      'clusters and tags behind the end of their Segment',
      join(segment(mediaBytes, ...media), media[2]!, tags({ x: 'y' })),
      [size],
      ['a', 'b', 'a', 'b'],
    ],
    [
      'a Segment that the next document ends',
      join(segment(mediaBytes + 500, ...media), segment(mediaBytes, ...media)),
      [short],
      ['a', 'b', 'a', 'b'],
    ],
    [
      'no Segment at all',
      join(ebmlHeader(), ...media),
      [{ code: 'element-outside-segment', mediaMissing: false }],
      ['a', 'b'],
    ],
    [
      'a cluster of size zero',
      document(info(), tracks(), head(ID.Cluster, 0), children),
      [{ code: 'element-size', mediaMissing: false }],
      ['a', 'b'],
    ],
    [
      'a cluster that the next one ends',
      document(info(), tracks(), head(ID.Cluster, 300), children, media[2]!),
      [{ code: 'element-size', mediaMissing: true }],
      ['a', 'b', 'a', 'b'],
    ],
    [
      'blocks behind the end of their cluster',
      document(info(), tracks(), media[2]!, frame({ data: 'c' }), frame({ data: 'd', group: {} }), media[2]!),
      [{ code: 'block-outside-cluster', mediaMissing: true }],
      ['a', 'b', 'a', 'b'],
    ],
  ]
  for (const [name, input, warnings, texts] of cases) {
    it(`${name}: reads on, and says so once, however the bytes are cut`, () => {
      assert.deepEqual([textsOf(input), facts(input)], [texts, warnings])
      const whole = digest(readMkv([input]))
      for (const { name: cut, chunks } of chunkings(input)) assert.equal(digest(readMkv(chunks)), whole, cut)
    })
  }

  it('a Segment that is larger than its bytes: it is truncated', () => {
    const events = eventsOf(segment(mediaBytes + 1, ...media))
    assert.equal(events.at(-1)?.type, 'truncated')
  })

  it('does not take an element that ended early for one that repeats', () => {
    const early = join(head(ID.Tracks, 500), tracks().subarray(5))
    const one = join(ebmlHeader(), head(ID.Segment, 600), info(), early, cluster({ blocks: [{ data: 'a' }] }))
    assert.deepEqual(textsOf(payload(one, one, one)), ['a', 'a', 'a'])
  })
})

describe('MkvReader, of many tags,', () => {
  const simpleTag = (index: number) =>
    master(
      ID.SimpleTag,
      element(ID.TagName, Buffer.from(String(index % 10))),
      element(ID.TagString, Buffer.from('v')),
    )
  const many = (count: number) =>
    master(ID.Tags, element(ID.Tag, Buffer.concat(Array.from({ length: count }, (_, i) => simpleTag(i)))))

  it('reads 1.6 MB of small ones by default, at once or piece by piece', () => {
    const input = document(many(150_000))
    assert.ok(input.length > 1_600_000, `${input.length} bytes`)
    const counts = [[input], [input.subarray(0, 1000), input.subarray(1000)]].map(chunks =>
      readMkv(chunks).events.flatMap(event =>
        event.type === 'tags' ? [event.tags[0]!.simpleTags.length] : [],
      ),
    )
    assert.deepEqual(counts, [[150_000], [150_000]])
  })

  it('refuses more elements than its limit, which it names, at once or piece by piece', () => {
    const input = document(many(100))
    for (const chunks of [[input], [input.subarray(0, 100), input.subarray(100)]]) {
      const { error } = readMkv(chunks, { maxMetadataElements: 200 })
      assert.match(error?.message ?? '', /Tags of more than 200 elements .* raise `maxMetadataElements`/)
    }
  })

  it('counts the bytes that are there against the limit of bytes', () => {
    const input = document(many(100))
    const payloadBytes = many(100).length - 4 - 2
    for (const [maxMetadataBytes, isRefused] of [
      [payloadBytes, false],
      [payloadBytes - 1, true],
    ] as const) {
      for (const chunks of [[input], [input.subarray(0, 100), input.subarray(100)]]) {
        assert.equal(readMkv(chunks, { maxMetadataBytes }).error !== undefined, isRefused)
      }
    }
  })
})
