import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { deflateSync } from 'node:zlib'
import { ELEMENT_IDS as ID } from '../../../lib/matroska/schema/elements.ts'
import { binary, master, string, uint } from '../../../lib/matroska/writer/writer.ts'
import { chunkings } from '../../support/chunkings.ts'
import { cluster, document, type FrameOptions, tracks } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'
import { eventsOf, faultOf, framesOf, readMkv, textsOf } from '../read-mkv.ts'

type EncodingOptions = {
  readonly order?: number
  readonly scope?: number
  readonly codecPrivate?: Uint8Array
}

/** A track with the given content of a ContentEncodings element, and one block. */
function payload(encodings: readonly Buffer[], frame: FrameOptions, codecPrivate?: Uint8Array): Buffer {
  const entry = master(
    ID.TrackEntry,
    uint(ID.TrackNumber, 1),
    uint(ID.TrackType, 1),
    string(ID.CodecID, 'V_TEST'),
    ...(codecPrivate === undefined ? [] : [binary(ID.CodecPrivate, codecPrivate)]),
    master(ID.ContentEncodings, ...encodings),
  )
  return document(master(ID.Tracks, entry), cluster({ blocks: [frame] }))
}

function encoding(compression: readonly Buffer[], { order, scope }: EncodingOptions = {}): Buffer {
  return master(
    ID.ContentEncoding,
    ...(order === undefined ? [] : [uint(ID.ContentEncodingOrder, order)]),
    ...(scope === undefined ? [] : [uint(ID.ContentEncodingScope, scope)]),
    master(ID.ContentCompression, ...compression),
  )
}

const algorithm = (number: number) => uint(ID.ContentCompAlgo, number)
const strip = (header: string) => [algorithm(3), binary(ID.ContentCompSettings, Buffer.from(header))]
const encryption = master(
  ID.ContentEncoding,
  uint(ID.ContentEncodingType, 1),
  uint(ID.ContentEncodingOrder, 1),
)

describe('the compression of a track is undone', () => {
  const zlibbed = deflateSync('frame data')
  const cases: [
    name: string,
    encodings: Buffer[],
    data: Uint8Array | string | string[],
    expected: string[],
  ][] = [
    ['header stripping', [encoding(strip('AB'))], 'cd', ['ABcd']],
    ['header stripping of an empty frame', [encoding(strip('AB'))], '', ['AB']],
    ['header stripping without a header', [encoding([algorithm(3)])], 'cd', ['cd']],
    [
      'header stripping in a lace, for each frame',
      [encoding(strip('AB'))],
      ['c', '', 'd'],
      ['ABc', 'AB', 'ABd'],
    ],
    ['zlib', [encoding([algorithm(0)])], zlibbed, ['frame data']],
    ['zlib of an empty frame, which is stored as it is', [encoding([algorithm(0)])], '', ['']],
    ['zlib where no algorithm is written', [encoding([])], zlibbed, ['frame data']],
    [
      'two encodings, the highest order first',
      [encoding(strip('AB'), { order: 0 }), encoding([algorithm(0)], { order: 1 })],
      deflateSync('cd'),
      ['ABcd'],
    ],
    [
      'an encoding of the private data alone, which leaves frames as they are',
      [encoding(strip('AB'), { scope: 2 })],
      'cd',
      ['cd'],
    ],
    ['an encoding of frames and private data', [encoding(strip('AB'), { scope: 3 })], 'cd', ['ABcd']],
    ['encryption, which leaves frames as they are', [encryption], 'secret', ['secret']],
    [
      'what lies under encryption, which cannot be undone',
      [encoding(strip('AB'), { order: 0 }), encryption],
      'secret',
      ['secret'],
    ],
  ]
  for (const [name, encodings, data, expected] of cases) {
    it(name, () => {
      const frame = Array.isArray(data) ? { data, lacing: 'xiph' as const } : { data }
      assert.deepEqual(textsOf(payload(encodings, frame)), expected)
    })
  }

  it('the same way however the bytes are cut', () => {
    const input = payload([encoding(strip('AB'))], { data: 'cd' })
    const texts = Array.from(chunkings(input), ({ chunks }) =>
      readMkv(chunks).events.flatMap(event =>
        event.type === 'frame' ? [Buffer.from(event.data).toString()] : [],
      ),
    )
    assert.deepEqual([...new Set(texts.map(String))], ['ABcd'])
  })

  it('for the private data too, where the encoding covers it', () => {
    const encodings = [1, 2, 3].map(scope => encoding(strip('AB'), { scope }))
    const privates = encodings.map(encoding => {
      const event = eventsOf(payload([encoding], {}, Buffer.from('x'))).find(({ type }) => type === 'tracks')
      return event?.type === 'tracks'
        ? Buffer.from(event.tracks[0]?.codecPrivate ?? []).toString()
        : undefined
    })
    assert.deepEqual(privates, ['x', 'ABx', 'ABx'])
  })

  it('and an encrypted track says that it is', () => {
    const event = eventsOf(payload([encryption], {})).find(({ type }) => type === 'tracks')
    assert.equal(event?.type === 'tracks' && event.tracks[0]?.encrypted, true)
  })

  it('as a Buffer where Buffers went in', () => {
    const frames = [
      ...framesOf(payload([encoding(strip('AB'))], {})),
      ...framesOf(payload([encoding([])], { data: zlibbed })),
    ]
    assert.deepEqual(
      frames.map(({ data }) => Buffer.isBuffer(data)),
      [true, true],
    )
  })
})

describe('a compression that cannot be undone', () => {
  const path = 'Segment/Cluster/SimpleBlock'
  const cases: [name: string, encodings: Buffer[], data: Uint8Array, message: RegExp, code: string][] = [
    [
      'bzlib, is named',
      [encoding([algorithm(1)])],
      Buffer.from('x'),
      /compressed by bzlib/,
      'ERR_MKV_SYNTAX',
    ],
    [
      'an unknown one, is numbered',
      [encoding([algorithm(9)])],
      Buffer.from('x'),
      /compressed by algorithm 9/,
      'ERR_MKV_SYNTAX',
    ],
    [
      'zlib that is none, is refused',
      [encoding([])],
      Buffer.from('xyz'),
      /cannot be inflated/,
      'ERR_MKV_SYNTAX',
    ],
    [
      'zlib that is cut, is refused',
      [encoding([])],
      deflateSync('frame').subarray(0, 8),
      /cannot be inflated/,
      'ERR_MKV_SYNTAX',
    ],
    [
      'zlib that inflates beyond the limit, stops there',
      [encoding([])],
      deflateSync(Buffer.alloc(10_000_000)),
      /inflates to more than 1000 bytes/,
      'ERR_MKV_LIMIT',
    ],
    [
      'a header that makes a frame too large, is refused',
      [encoding(strip('A'.repeat(990)))],
      Buffer.alloc(11),
      /frame of 1001 bytes/,
      'ERR_MKV_LIMIT',
    ],
  ]
  for (const [name, encodings, data, message, code] of cases) {
    it(name, () => {
      const input = payload(encodings, { data })
      const { error, events } = readMkv([input], { maxFrameBytes: 1000 })
      assert.match(error?.message ?? '', message)
      assert.deepEqual(faultOf(error), {
        code,
        byteOffset: input.lastIndexOf(0xa3, input.length - data.length - 4),
        elementPath: path,
      })
      assert.deepEqual(
        events.map(({ type }) => type),
        ['document-start', 'tracks', 'cluster'],
      )
    })
  }

  it('leaves the frames of other tracks readable', () => {
    const input = document(
      tracks([{ zlib: true }, {}]),
      cluster({ blocks: [{ track: 2, data: 'fine' }, { data: 'no zlib' }] }),
    )
    const { events, error } = readMkv([input])
    assert.deepEqual(
      [events.filter(({ type }) => type === 'frame').length, faultOf(error) !== undefined],
      [1, true],
    )
  })
})

describe('a file that mkvmerge compressed', () => {
  it('gives the frames of the same file without compression', requires('mkvmerge', 'ffmpeg'), () => {
    const directory = mkdtempSync(join(tmpdir(), 'getmedia-zlib-'))
    try {
      const [source, plain, packed] = ['s.mkv', 'p.mkv', 'z.mkv'].map(name => join(directory, name)) as [
        string,
        string,
        string,
      ]
      execFileSync('ffmpeg', [
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'testsrc=duration=1:size=64x48:rate=10',
        '-c:v',
        'mpeg4',
        source,
      ])
      execFileSync('mkvmerge', ['--quiet', '--compression', '0:none', '--output', plain, source])
      execFileSync('mkvmerge', ['--quiet', '--compression', '0:zlib', '--output', packed, source])
      const [expected, unpacked] = [plain, packed].map(path =>
        framesOf(readFileSync(path)).map(({ data }) => Buffer.from(data)),
      )
      assert.deepEqual([unpacked, expected?.length], [expected, 10])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
