import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { element, master, string } from '../../lib/matroska/writer/writer.ts'
import { MediaSplitter } from '../../lib/put-media/media-splitter.ts'
import { chunkings, cutEvery } from '../support/chunkings.ts'
import {
  cluster,
  ebmlHeader,
  frame,
  info,
  segmentHead,
  tags,
  tracks,
  voidElement,
} from '../support/mkv-builder.ts'
import { END_OF_FRAGMENT, producerMedia } from '../support/producer-media.ts'

/** What came, the bytes of each fragment joined: hex of a header, or time, bytes and the end mark of a fragment. */
type Piece =
  | { readonly header: string }
  | { readonly timecodeMs: number; bytes: string; closed?: true }
  | { readonly truncated: string }

type Split = { readonly pieces: Piece[]; readonly error: unknown }

function split(chunks: Iterable<Uint8Array>, maxHeaderBytes = 1_000_000): Split {
  const splitter = new MediaSplitter(maxHeaderBytes)
  const pieces: Piece[] = []
  const take = () => {
    for (let event = splitter.next(); event !== undefined; event = splitter.next()) {
      const last = pieces.at(-1)
      if (event.type === 'document') pieces.push({ header: hex(event.header) })
      else if (event.type === 'fragment') pieces.push({ timecodeMs: event.timecodeMs, bytes: '' })
      else if (event.type === 'truncated') pieces.push({ truncated: event.elementPath })
      else if (last !== undefined && 'bytes' in last) {
        if (event.type === 'bytes') last.bytes += hex(event.bytes)
        else last.closed = true
      }
    }
  }
  try {
    for (const chunk of chunks) {
      splitter.push(chunk)
      take()
    }
    splitter.end()
    take()
    return { pieces, error: undefined }
  } catch (error) {
    return { pieces, error }
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const media = (timestamp: number) => cluster({ timestamp, blocks: [{ keyframe: true, data: 'x' }] })
const piece = (timecodeMs: number, ...parts: Uint8Array[]): Piece => ({
  timecodeMs,
  bytes: parts.map(hex).join(''),
})
const closed = (timecodeMs: number, ...parts: Uint8Array[]): Piece => ({
  ...piece(timecodeMs, ...parts),
  closed: true,
})
const header = (...parts: Uint8Array[]): Piece => ({ header: parts.map(hex).join('') })

const head = Buffer.concat([ebmlHeader(), segmentHead(), info(), tracks()])
const otherTracks = tracks([{ type: 'audio' }])
const someTags = tags({ place: 'door' })
const fragmentPic = cluster({ timestamp: 7, producer: 'pic', blocks: [{ keyframe: true, data: 'x' }] })
const unknownSegment = Buffer.from('1853806701ffffffffffffff', 'hex')

const cases: [name: string, parts: Uint8Array[], pieces: Piece[]][] = [
  [
    'a document into its header and its fragments, with what stands behind each',
    [head, someTags, media(0), someTags, voidElement(3), media(1000), element(ID.Cues, Buffer.alloc(9))],
    [
      header(head, someTags),
      piece(0, media(0), someTags, voidElement(3)),
      piece(1000, media(1000), element(ID.Cues, Buffer.alloc(9))),
    ],
  ],
  [
    'clusters of unknown size',
    [head, fragmentPic, someTags, fragmentPic],
    [header(head), piece(7, fragmentPic, someTags), piece(7, fragmentPic)],
  ],
  [
    'a tag that closes a fragment, and what still follows it',
    [head, media(0), END_OF_FRAGMENT, someTags, media(1000)],
    [header(head), closed(0, media(0), END_OF_FRAGMENT), piece(1000, someTags, media(1000))],
  ],
  [
    'a second document, with a header of its own',
    [head, media(0), head, media(0), someTags],
    [header(head), piece(0, media(0)), header(head), piece(0, media(0), someTags)],
  ],
  [
    'a second Segment behind the same EBML header',
    [head, media(0), segmentHead(1), info(), otherTracks, media(5)],
    [
      header(head),
      piece(0, media(0)),
      header(ebmlHeader(), segmentHead(1), info(), otherTracks),
      piece(5, media(5)),
    ],
  ],
  [
    'changed Tracks, with the rest of the header as it was and what stands behind them',
    [head, media(0), someTags, otherTracks, someTags, media(1000)],
    [
      header(head),
      piece(0, media(0), someTags),
      header(ebmlHeader(), segmentHead(), info(), otherTracks, someTags),
      piece(1000, media(1000)),
    ],
  ],
  [
    'Tracks that say the same again: they are left out',
    [head, media(0), tracks(), someTags, media(1000)],
    [header(head), piece(0, media(0), someTags), piece(1000, media(1000))],
  ],
  [
    'timestamps in another scale',
    [ebmlHeader(), segmentHead(), info({ timestampScale: 500_000 }), tracks(), media(3)],
    [header(ebmlHeader(), segmentHead(), info({ timestampScale: 500_000 }), tracks()), piece(1.5, media(3))],
  ],
  ['a header without a cluster: nothing is to be sent', [head], []],
  ['no bytes', [], []],
]

describe('MediaSplitter splits', () => {
  for (const [name, parts, expected] of cases) {
    it(name, () => {
      const bytes = Buffer.concat(parts)
      const different: string[] = []
      for (const { name, chunks } of chunkings(bytes)) {
        const { pieces, error } = split(chunks)
        if (error !== undefined || JSON.stringify(pieces) !== JSON.stringify(expected)) different.push(name)
      }
      assert.deepEqual(split([bytes]).pieces, expected)
      assert.deepEqual(different, [])
    })
  }

  it('a Segment whose size is known: in the header it is unknown, in as many bytes', () => {
    const content = Buffer.concat([tracks(), media(0)])
    const known = element(ID.Segment, content, { sizeWidth: 8 })
    assert.deepEqual(split(cutEvery(Buffer.concat([ebmlHeader(), known]), 7)).pieces, [
      header(ebmlHeader(), unknownSegment, tracks()),
      piece(0, media(0)),
    ])
  })
})

describe('MediaSplitter tells of a fragment', () => {
  it('as soon as its timestamp has come, and of its bytes as they come', () => {
    const splitter = new MediaSplitter(10_000)
    const fragment = cluster({ timestamp: 9, blocks: [{ data: Buffer.alloc(5000) }] })
    splitter.push(Buffer.concat([head, fragment.subarray(0, 100)]))
    const events = []
    for (let event = splitter.next(); event !== undefined; event = splitter.next()) events.push(event)
    const last = events.at(-1)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['document', 'fragment', 'bytes'],
    )
    assert.ok(last?.type === 'bytes' && last.bytes.length === 100)
  })
})

describe('MediaSplitter refuses', () => {
  const refused: [name: string, parts: Uint8Array[], code: string, message: RegExp][] = [
    ['what is no EBML', [Buffer.from('GIF89a')], 'ERR_MKV_SYNTAX', /no EBML.*at byte 0/],
    ['another DocType', [master(ID.EBML, string(ID.DocType, 'webp'))], 'ERR_MKV_SYNTAX', /type "webp"/],
    [
      'a Cluster before any Tracks',
      [ebmlHeader(), segmentHead(), media(0)],
      'ERR_MKV_SYNTAX',
      /before any Tracks/,
    ],
    [
      'a Cluster without a Timestamp',
      [head, master(ID.Cluster, frame({ data: 'x' }))],
      'ERR_MKV_SYNTAX',
      /does not begin with its Timestamp/,
    ],
    [
      'a Cluster whose Timestamp does not come',
      [head, element(ID.Cluster, frame({ data: Buffer.alloc(70_000) }), { unknownSize: true })],
      'ERR_MKV_SYNTAX',
      /does not begin with its Timestamp/,
    ],
    [
      'a header beyond its limit',
      [ebmlHeader(), segmentHead(), voidElement(20_000)],
      'ERR_MKV_LIMIT',
      /raise `maxUnacknowledgedBytes`/,
    ],
    ['bytes that are no element', [head, media(0), Buffer.alloc(5)], 'ERR_MKV_SYNTAX', /a zero byte/],
  ]
  for (const [name, parts, code, message] of refused) {
    it(name, () => {
      const { error } = split(cutEvery(Buffer.concat(parts), 1000), 10_000)
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, code)
      assert.match(error.message, message)
    })
  }

  it('and gives before what came whole', () => {
    const { pieces, error } = split([Buffer.concat([head, media(0), media(1000), Buffer.alloc(5)])])
    assert.deepEqual(pieces.slice(0, 2), [header(head), piece(0, media(0))])
    assert.ok(error instanceof Error)
  })

  it('media that ends inside an element, by telling where', () => {
    const { pieces } = split([Buffer.concat([head, media(0)]).subarray(0, -1)])
    assert.deepEqual(pieces.at(-1), { truncated: 'Segment/Cluster/SimpleBlock' })
  })

  it('nothing but with its own errors, whatever the bytes', () => {
    const bytes = producerMedia({ fragments: 3, tagged: true }).bytes
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }))), changes => {
        const broken = Buffer.from(bytes)
        for (const [at, byte] of changes) broken[at] = byte
        const { error } = split(cutEvery(broken, 50))
        if (error !== undefined) assert.match(String((error as { code?: string }).code), /^ERR_MKV_/)
      }),
    )
  })
})
