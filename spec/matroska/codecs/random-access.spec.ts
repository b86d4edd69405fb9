import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  isRandomAccessPoint,
  type RandomAccess,
  randomAccessJudge,
  randomAccessOf,
  type Track,
} from '../../../lib/matroska/index.ts'
import { readMkv, run, scratch } from '../../outputs/media.ts'
import { avcRecord } from '../../outputs/pictures.ts'
import { annexB, lengthPrefixed, type PictureKind } from '../../support/h264-pictures.ts'
import { document, info, type TrackOptions, tracks } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'

function trackOf(options: TrackOptions): Track {
  const event = readMkv(document(info(), tracks([options]))).find(({ type }) => type === 'tracks')
  assert.ok(event?.type === 'tracks')
  return event.tracks[0]!
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** The judgement of a frame without the container's key flag, and with it. */
const judgements = (track: Track, data: Uint8Array): [RandomAccess, RandomAccess] => [
  randomAccessOf(track, { keyframe: false, data }),
  randomAccessOf(track, { keyframe: true, data }),
]
const ALWAYS = ['full', 'full']
const NEVER = ['none', 'none']
const BY_FLAG = ['none', 'full']
const GRADUAL = ['gradual', 'gradual']

/** A BITMAPINFOHEADER of V_MS/VFW/FOURCC, and what stands behind it. */
function bitmapInfo(fourcc: string, extra: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40)
  header.write(fourcc, 16, 'latin1')
  return Buffer.concat([header, extra])
}

describe('a random access point, outside of video,', () => {
  for (const type of ['audio', 'subtitle', 'metadata'] as const) {
    it(`is every frame of ${type}, flagged or not`, () => {
      assert.deepEqual(judgements(trackOf({ type }), Buffer.from('a frame')), ALWAYS)
    })
  }
})

describe('a random access point of H.264', () => {
  const EXPECTED: readonly (readonly [PictureKind, string[], string])[] = [
    ['idr', ALWAYS, 'an IDR picture'],
    ['p', NEVER, 'no picture of P slices, though a camera flags every frame'],
    ['i', BY_FLAG, 'a picture of I slices where the container flags it'],
    ['i-with-sets', ALWAYS, 'a picture of I slices that brings its parameter sets'],
    ['i-then-p', NEVER, 'no picture whose second slice is a P slice'],
    ['recovery-i', ALWAYS, 'an I picture at a recovery point'],
    ['recovery-p', GRADUAL, 'a P picture at a recovery point, but only in the end'],
  ]
  for (const [kind, expected, name] of EXPECTED) {
    it(`is ${name}`, () => {
      const track = trackOf({ codecPrivate: avcRecord() })
      assert.deepEqual(judgements(track, lengthPrefixed(kind)), expected)
      assert.deepEqual(judgements(track, annexB(kind)), expected)
      assert.deepEqual(judgements(trackOf({}), annexB(kind)), expected)
    })
  }

  it('is found behind lengths of two bytes, as the avcC says', () => {
    const codecPrivate = avcRecord()
    codecPrivate[4] = 0xfd
    const track = trackOf({ codecPrivate })
    assert.deepEqual(judgements(track, lengthPrefixed('idr', 2)), ALWAYS)
    assert.deepEqual(judgements(track, lengthPrefixed('p', 2)), NEVER)
  })

  it('is found in a track of V_MS/VFW/FOURCC, with an avcC behind the header or start codes', () => {
    const record = avcRecord()
    record[4] = 0xfd
    const codecId = 'V_MS/VFW/FOURCC'
    const inLengths = trackOf({ codecId, codecPrivate: bitmapInfo('H264', record) })
    assert.deepEqual(judgements(inLengths, lengthPrefixed('idr', 2)), ALWAYS)
    assert.deepEqual(judgements(inLengths, lengthPrefixed('p', 2)), NEVER)
    const inAnnexB = trackOf({ codecId, codecPrivate: bitmapInfo('h264') })
    assert.deepEqual(judgements(inAnnexB, annexB('idr')), ALWAYS)
    assert.deepEqual(judgements(inAnnexB, annexB('p')), NEVER)
  })

  it('is what the container flags where the frame cannot be read or is encrypted', () => {
    const track = trackOf({ codecPrivate: avcRecord() })
    const cut = lengthPrefixed('idr').subarray(0, -1)
    for (const data of [hex(''), hex('00'), cut, Buffer.from('no units'), hex('00000002 e588')]) {
      assert.deepEqual(judgements(track, data), BY_FLAG, data.toString('hex'))
    }
    assert.deepEqual(judgements({ ...track, encrypted: true }, lengthPrefixed('idr')), BY_FLAG)
    assert.deepEqual(judgements({ ...track, encrypted: true }, lengthPrefixed('p')), BY_FLAG)
  })
})

describe('a random access point of H.265', () => {
  const track = trackOf({ codecId: 'V_MPEGH/ISO/HEVC' })
  const unit = (text: string) => {
    const bytes = hex(text)
    return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  }
  // The first slice of a picture: first_slice_segment_in_pic_flag, PPS 0, slice_type 2 (I), 1 (P).
  const [I, P] = ['0201 d840', '0201 d040']
  const SETS = [unit('4001 0c01'), unit('4201 0101'), unit('4401 c0a0')]
  const RECOVERY = unit('4e01 0601c480')

  const EXPECTED: readonly (readonly [string, readonly Buffer[], string[]])[] = [
    ...[16, 17, 18, 19, 20, 21].map(
      type => [`NAL unit type ${type}`, [unit(`${(type * 2).toString(16)}01 af`)], ALWAYS] as const,
    ),
    ['no picture of P slices', [unit(P)], NEVER],
    ['a picture of I slices where the container flags it', [unit(I)], BY_FLAG],
    ['a picture of I slices that brings its parameter sets', [...SETS, unit(I)], ALWAYS],
    ['no picture of P slices that brings them', [...SETS, unit(P)], NEVER],
    ['an I picture at a recovery point', [RECOVERY, unit(I)], ALWAYS],
    ['a P picture at a recovery point, but only in the end', [RECOVERY, unit(P)], GRADUAL],
    ['no IDR picture of a layer above the base', [unit('2609 af'), unit(P)], NEVER],
  ]
  for (const [name, units, expected] of EXPECTED) {
    it(`is ${name}`, () => assert.deepEqual(judgements(track, Buffer.concat(units)), expected))
  }
})

describe('a random access point by the header of a frame', () => {
  const SEQUENCE = '0a0a 0000000000000000 0000'
  const STILL = '0a0a 1800000000000000 0000'
  const EXPECTED: readonly (readonly [string, Partial<TrackOptions>, string, string[]])[] = [
    ['VP8: a key frame', { codecId: 'V_VP8' }, '10 02 00 9d 01 2a 4001 f000', ALWAYS],
    ['VP8: another', { codecId: 'V_VP8' }, '11 02 00 00', NEVER],
    ['VP8: no frame', { codecId: 'V_VP8' }, '10 02 00 00 00 00', BY_FLAG],
    ['VP9: a key frame', { codecId: 'V_VP9' }, '82 49 83 42 00', ALWAYS],
    ['VP9: another', { codecId: 'V_VP9' }, '86 00 40 92', NEVER],
    ['VP9: one that shows an earlier frame', { codecId: 'V_VP9' }, '88', NEVER],
    ['VP9: a key frame of profile 3', { codecId: 'V_VP9' }, 'b1 24 c1 a1 00', ALWAYS],
    ['VP9: another of profile 3', { codecId: 'V_VP9' }, 'b3 24 c1 a1 00', NEVER],
    ['VP9: no frame', { codecId: 'V_VP9' }, '02 49 83 42', BY_FLAG],
    ['AV1: a key frame', { codecId: 'V_AV1' }, `1200 ${SEQUENCE} 3202 1000`, ALWAYS],
    ['AV1: a key frame of a unit without size', { codecId: 'V_AV1' }, `${SEQUENCE} 30 1000`, ALWAYS],
    ['AV1: one that is not shown', { codecId: 'V_AV1' }, `${SEQUENCE} 3202 0000`, NEVER],
    ['AV1: an inter frame', { codecId: 'V_AV1' }, `${SEQUENCE} 3202 3000`, NEVER],
    ['AV1: one that shows an earlier frame', { codecId: 'V_AV1' }, `${SEQUENCE} 1a01 90`, NEVER],
    ['AV1: without a sequence header', { codecId: 'V_AV1' }, '3202 1000', NEVER],
    ['AV1: a still picture', { codecId: 'V_AV1' }, `${STILL} 3202 0000`, ALWAYS],
    [
      'AV1: a key frame whose sequence header is in the CodecPrivate',
      { codecId: 'V_AV1', codecPrivate: hex(`81000000 ${SEQUENCE}`) },
      '3202 1000',
      ALWAYS,
    ],
    ['AV1: no units', { codecId: 'V_AV1' }, 'ff 00', BY_FLAG],
    ['MPEG-2: an I picture', { codecId: 'V_MPEG2' }, '000001b3 00 00000100 0008', ALWAYS],
    ['MPEG-2: a P picture', { codecId: 'V_MPEG2' }, '00000100 0010', NEVER],
    ['MPEG-4: an I picture', { codecId: 'V_MPEG4/ISO/ASP' }, '000001b6 10', ALWAYS],
    ['MPEG-4: a P picture', { codecId: 'V_MPEG4/ISO/ASP' }, '000001b6 50', NEVER],
    ['Theora: an intra frame', { codecId: 'V_THEORA' }, '10', ALWAYS],
    ['Theora: another', { codecId: 'V_THEORA' }, '50', NEVER],
    ['MJPEG', { codecId: 'V_MJPEG' }, 'ffd8', ALWAYS],
    ['ProRes', { codecId: 'V_PRORES' }, '00', ALWAYS],
    ['a codec that is not known', { codecId: 'V_REAL/RV40' }, '00', BY_FLAG],
  ]
  for (const [name, track, data, expected] of EXPECTED) {
    it(`is told of ${name}`, () => assert.deepEqual(judgements(trackOf(track), hex(data)), expected))
  }
})

describe('a judge', () => {
  const CODEC_IDS = [
    ...['V_MPEG4/ISO/AVC', 'V_MPEGH/ISO/HEVC', 'V_VP8', 'V_VP9', 'V_AV1', 'V_MPEG2', 'V_MPEG4/ISO/ASP'],
    ...['V_MPEG4/MS/V3', 'V_THEORA', 'V_FFV1', 'V_MS/VFW/FOURCC', 'V_QUICKTIME', 'V_UNCOMPRESSED'],
  ]
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .array(fc.constantFrom(0, 1, 2, 3, 4, 6, 0x12, 0x26, 0x41, 0x65, 0x67, 0xff), { maxLength: 64 })
      .map(list => Uint8Array.from(list)),
  )

  it('throws for no bytes of any codec, with any codec data', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CODEC_IDS),
        bytes,
        bytes,
        fc.boolean(),
        (codecId, codecPrivate, data, keyframe) => {
          const judge = randomAccessJudge(trackOf({ codecId, codecPrivate }))
          assert.ok(['full', 'gradual', 'none'].includes(judge({ keyframe, data })))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('says of a frame what its data say, wherever they lie in memory', () => {
    const track = trackOf({ codecPrivate: avcRecord() })
    const kinds: PictureKind[] = ['idr', 'p', 'i', 'recovery-i', 'recovery-p']
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.nat(40), fc.boolean(), (kind, offset, isAnnexB) => {
        const picture = isAnnexB ? annexB(kind) : lengthPrefixed(kind)
        const memory = new Uint8Array(offset + picture.length + 9).fill(0x65)
        memory.set(picture, offset)
        const data = memory.subarray(offset, offset + picture.length)
        assert.deepEqual(judgements(track, data), judgements(track, picture))
      }),
    )
  })
})

/** What an encoder makes, by what is odd about it. */
const ENCODERS: Readonly<Record<string, readonly string[]>> = {
  'H.264 with open GOPs': ['libx264', '-x264-params', 'open-gop=1:keyint=15:bframes=3'],
  'H.264 with intra refresh': ['libx264', '-x264-params', 'intra-refresh=1:keyint=15:bframes=0'],
  'H.264 in slices': ['libx264', '-x264-params', 'slices=4:keyint=15'],
  'interlaced H.264': ['libx264', '-x264-params', 'interlaced=1:keyint=15'],
  'H.265 with open GOPs': ['libx265', '-x265-params', 'log-level=none:open-gop=1:keyint=15:bframes=4'],
  'H.265 with intra refresh': ['libx265', '-x265-params', 'log-level=none:intra-refresh=1:keyint=15'],
  VP8: ['libvpx', '-g', '15'],
  'VP9 with hidden frames': [
    'libvpx-vp9',
    '-g',
    '15',
    '-auto-alt-ref',
    '1',
    '-lag-in-frames',
    '12',
    '-cpu-used',
    '8',
  ],
  AV1: ['libaom-av1', '-g', '15', '-cpu-used', '8', '-usage', 'realtime'],
  'MPEG-4 Visual': ['mpeg4', '-g', '15', '-bf', '2'],
  'MPEG-2': ['mpeg2video', '-g', '15', '-bf', '2'],
  Theora: ['libtheora', '-g', '15'],
  FFV1: ['ffv1', '-g', '5'],
  MJPEG: ['mjpeg'],
}

describe('the random access points that ffprobe finds', requires('ffmpeg', 'ffprobe'), () => {
  for (const [name, encoder] of Object.entries(ENCODERS)) {
    it(`are found in ${name}, with no frame flagged and with all`, async () => {
      await using directory = await scratch()
      const path = directory.file('video.mkv')
      const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=15:d=3', '-c:v']
      await run('ffmpeg', ['-v', 'error', ...pictures, ...encoder, path])
      const flags = ['-v', 'error', '-show_entries', 'packet=flags', '-of', 'csv=p=0', path]
      const expected = (await run('ffprobe', flags)).stdout
        .trim()
        .split('\n')
        .map(line => line[0])
      const events = readMkv(await readFile(path))
      const [track] = events.flatMap(event => (event.type === 'tracks' ? event.tracks : []))
      for (const keyframe of [false, true]) {
        const found = events.flatMap(event => {
          if (event.type !== 'frame') return []
          return isRandomAccessPoint(track!, { keyframe, data: event.data }) ? 'K' : '_'
        })
        assert.equal(found.join(''), expected.join(''), keyframe ? 'all flagged' : 'none flagged')
      }
    })
  }
})
