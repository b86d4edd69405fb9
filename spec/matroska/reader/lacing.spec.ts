import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LACING_EBML, LACING_FIXED, LACING_XIPH, lacedFrames } from '../../../lib/matroska/reader/lacing.ts'
import type { Lacing } from '../../../lib/matroska/writer/writer.ts'
import { cluster, document, frame, info, tracks } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'
import { framesOf } from '../read-mkv.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const hexOf = (frames: readonly Uint8Array[]) => frames.map(data => Buffer.from(data).toString('hex'))
const read = (hex: string, lacing: number) =>
  hexOf(lacedFrames(bytes(hex), 0, lacing, problem => new Error(problem)))

describe('lacedFrames', () => {
  const cases: [name: string, lacing: number, hex: string, expected: string[]][] = [
    ['Xiph', LACING_XIPH, '02 01 02 aa bbbb cccccc', ['aa', 'bbbb', 'cccccc']],
    ['Xiph, one frame', LACING_XIPH, '00 aabb', ['aabb']],
    ['Xiph, a size of 255', LACING_XIPH, `01 ff00 ${'aa'.repeat(255)} bb`, ['aa'.repeat(255), 'bb']],
    ['Xiph, a size of 600', LACING_XIPH, `01 ffff5a ${'aa'.repeat(600)} bb`, ['aa'.repeat(600), 'bb']],
    ['Xiph, empty frames', LACING_XIPH, '03 00 01 00 aa', ['', 'aa', '', '']],
    ['fixed', LACING_FIXED, '02 aabb ccdd eeff', ['aabb', 'ccdd', 'eeff']],
    ['fixed, one frame', LACING_FIXED, '00 aabb', ['aabb']],
    ['fixed, empty frames', LACING_FIXED, '02', ['', '', '']],
    ['EBML', LACING_EBML, '02 82 c0 aaaa bbbbbb cc', ['aaaa', 'bbbbbb', 'cc']],
    ['EBML, one frame', LACING_EBML, '00 aabb', ['aabb']],
    [
      'EBML, a difference of two bytes',
      LACING_EBML,
      `02 83 6061 aaaaaa ${'bb'.repeat(101)} cc`,
      ['aaaaaa', 'bb'.repeat(101), 'cc'],
    ],
    ['EBML, down to an empty frame', LACING_EBML, '02 81 be aa cc', ['aa', '', 'cc']],
  ]
  for (const [name, lacing, hex, expected] of cases) {
    it(`reads ${name}`, () => assert.deepEqual(read(hex, lacing), expected))
  }

  const broken: [name: string, lacing: number, hex: string, problem: RegExp][] = [
    ['no count', LACING_XIPH, '', /without its number of frames/],
    ['Xiph sizes that do not end', LACING_XIPH, '02 ff ff', /sizes do not end/],
    ['Xiph frames that outrun the block', LACING_XIPH, '01 09 aa', /outrun their block of 3 bytes/],
    ['a fixed lace that does not divide', LACING_FIXED, '01 aabbcc', /3 bytes do not make 2 frames/],
    ['EBML sizes that do not end', LACING_EBML, '02 81', /sizes do not end/],
    ['an EBML size that begins with a zero byte', LACING_EBML, '01 00 aa', /sizes do not end/],
    ['an EBML size below zero', LACING_EBML, '02 81 80 aa', /outrun/],
    ['EBML frames that outrun the block', LACING_EBML, '01 8f aa', /outrun/],
    ['an EBML size of 2^56', LACING_EBML, '01 01ffffffffffffff aa', /outrun/],
  ]
  for (const [name, lacing, hex, problem] of broken) {
    it(`refuses ${name}`, () => assert.throws(() => read(hex, lacing), problem))
  }

  it('gives the frames that were laced, for every lacing, number and size', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 256 })
    const input = fc.record({ lacing: fc.constantFrom<Lacing>('xiph', 'fixed', 'ebml'), lengths })
    fc.assert(
      fc.property(input, ({ lacing, lengths }) => {
        const data = lengths.map((length, index) =>
          Buffer.alloc(lacing === 'fixed' ? lengths[0]! : length, index),
        )
        const block = frame({ lacing, data })
        const frames = framesOf(document(cluster({ blocks: [block] })))
        assert.deepEqual(
          frames.map(({ data: frame, laceIndex }) => [laceIndex, Buffer.from(frame)]),
          data.map((frame, index) => [index, frame]),
        )
      }),
      { numRuns: 100 },
    )
  })
})

/** A frame's data as ffprobe tells of a packet: its hash. */
const sha1 = (data: Uint8Array) => createHash('sha1').update(data).digest('hex')

type Packet = { readonly data_hash: string; readonly flags: string }

function packetHashes(path: string): string[] {
  const text = execFileSync('ffprobe', [
    '-v',
    'error',
    '-show_packets',
    '-show_data_hash',
    'SHA160',
    '-of',
    'json',
    path,
  ])
  const { packets } = JSON.parse(text.toString()) as { packets: Packet[] }
  return packets.map(packet => packet.data_hash.replace(/^SHA160:/, '').toLowerCase())
}

describe('laced frames agree with ffmpeg', () => {
  const data = Array.from({ length: 7 }, (_, i) => Buffer.alloc(20 + 40 * i, i))
  const even = Array.from({ length: 5 }, (_, i) => Buffer.alloc(300, i))
  const payloads: [lacing: Lacing, frames: readonly Buffer[]][] = [
    ['xiph', data],
    ['ebml', data],
    ['fixed', even],
  ]
  for (const [lacing, frames] of payloads) {
    it(`on a file of our own with ${lacing} lacing`, requires('ffprobe'), () => {
      inDirectory(directory => {
        const path = join(directory, 'laced.mkv')
        const audio = {
          type: 'audio',
          codecId: 'A_PCM/INT/LIT',
          audio: { samplingFrequencyHz: 8000, channels: 1, bitDepth: 8 },
        } as const
        const file = document(
          info(),
          tracks([audio]),
          cluster({ blocks: [{ lacing, data: frames, keyframe: true }] }),
        )
        writeFileSync(path, file)
        assert.deepEqual(
          packetHashes(path),
          framesOf(file).map(({ data }) => sha1(data)),
        )
      })
    })
  }

  const made: [name: string, encoder: string[], options: string[]][] = [
    ['EBML lacing', ['-c:a', 'libmp3lame', '-q:a', '4'], ['--engage', 'lacing_ebml']],
    ['Xiph lacing', ['-c:a', 'libmp3lame', '-q:a', '4'], ['--engage', 'lacing_xiph']],
    ['the lacing of its choice for frames of one size', ['-c:a', 'ac3'], []],
    ['laces in BlockGroups', ['-c:a', 'libmp3lame', '-q:a', '4'], ['--engage', 'no_simpleblocks']],
  ]
  for (const [name, encoder, options] of made) {
    it(`on a file of mkvmerge with ${name}`, requires('mkvmerge', 'ffmpeg', 'ffprobe'), () => {
      inDirectory(directory => {
        const [source, laced] = [join(directory, 'source.mka'), join(directory, 'laced.mka')]
        const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1']
        execFileSync('ffmpeg', ['-v', 'error', ...tone, ...encoder, source])
        execFileSync('mkvmerge', ['--quiet', ...options, '--output', laced, source])
        const frames = framesOf(readFileSync(laced))
        assert.deepEqual(
          {
            hashes: frames.map(({ data }) => sha1(data)),
            isLaced: frames.some(({ laceIndex }) => laceIndex > 2),
          },
          { hashes: packetHashes(laced), isLaced: true },
        )
      })
    })
  }
})

function inDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'getmedia-lacing-'))
  try {
    work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
