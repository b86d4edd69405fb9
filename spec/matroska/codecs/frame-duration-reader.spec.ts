import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readCodecData } from '../../../lib/matroska/codecs/codec-data.ts'
import { frameDurationReader } from '../../../lib/matroska/codecs/frame-duration-reader.ts'

type Settings = {
  readonly codecId: string
  readonly codecPrivate?: string
  readonly rateHz?: number
  readonly channels?: number
  readonly bitDepth?: number
  readonly encrypted?: boolean
}

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

function readerOf({ codecId, codecPrivate, rateHz, channels = 2, bitDepth, encrypted = false }: Settings) {
  const codecData = codecPrivate === undefined ? undefined : bytesOf(codecPrivate)
  const audio = rateHz === undefined ? undefined : { samplingFrequencyHz: rateHz, channels, bitDepth }
  return frameDurationReader({
    codecId,
    codec: readCodecData(codecId, codecData),
    codecPrivate: codecData,
    audio,
    encrypted,
  })
}

/** Durations of frames of one track, in their order. */
const durations = (settings: Settings, ...frames: string[]) => {
  const reader = readerOf(settings)
  return frames.map(hex => reader?.(bytesOf(hex)))
}

/** WAVEFORMATEX of a format tag, at 8 kHz, mono. */
const waveFormat = (tag: string, bits: string) => `${tag} 0100 401f0000 401f0000 0100 ${bits} 0000`

describe('the duration of a frame by its own bytes', () => {
  const opus = { codecId: 'A_OPUS' }
  const eac3 = { codecId: 'A_EAC3' }
  const flac = { codecId: 'A_FLAC', rateHz: 22_050 }
  const ms = (samples: number, rateHz: number) => (samples * 1000) / rateHz
  const cases: [name: string, settings: Settings, frame: string, expected: number | undefined][] = [
    ['Opus, SILK, 60 ms', opus, '18', 60],
    ['Opus, hybrid, 20 ms', opus, '68', 20],
    ['Opus, CELT, 2.5 ms', opus, '80', 2.5],
    ['Opus, two frames of one size', opus, 'f9', 40],
    ['Opus, two frames of two sizes', opus, 'fa', 40],
    ['Opus, six frames', opus, 'fb86', 120],
    ['Opus, more than 120 ms', opus, 'fb07', undefined],
    ['Opus, no frames', opus, 'fb00', undefined],
    ['Opus, whose count is cut', opus, 'fb', undefined],
    ['Opus, of no bytes', opus, '', undefined],
    ['AC-3, 48 kHz', { codecId: 'A_AC3' }, '0b77 0000 1c 40', 32],
    ['AC-3, 44.1 kHz', { codecId: 'A_AC3' }, '0b77 0000 54 40', ms(1536, 44_100)],
    ['AC-3 at half the rate', { codecId: 'A_AC3/BSID9' }, '0b77 0000 1c 48', 64],
    ['AC-3, reserved rate', { codecId: 'A_AC3' }, '0b77 0000 dc 40', undefined],
    ['E-AC-3, six blocks', eac3, '0b77 0002 34 80', 32],
    ['E-AC-3, one block', eac3, '0b77 0002 04 80', ms(256, 48_000)],
    ['E-AC-3, half rates', eac3, '0b77 0002 c4 80', ms(1536, 24_000)],
    ['E-AC-3, three syncframes of two blocks', eac3, '0b77 0002 14 80 0b77 0002 14 80 0b77 0002 14 80', 32],
    ['E-AC-3 with a dependent substream', eac3, '0b77 0002 34 80 0b77 4002 34 80', 32],
    ['no AC-3', eac3, '0011 2233 4455', undefined],
    ['MPEG-1, layer III', { codecId: 'A_MPEG/L3' }, 'fffb 9064', ms(1152, 44_100)],
    ['MPEG-2, layer III', { codecId: 'A_MPEG/L3' }, 'fff3 8064', ms(576, 22_050)],
    ['MPEG-2.5, layer III', { codecId: 'A_MPEG/L3' }, 'ffe3 8864', ms(576, 8000)],
    ['MPEG-1, layer II', { codecId: 'A_MPEG/L2' }, 'fffd 9464', 24],
    ['MPEG-2, layer II', { codecId: 'A_MPEG/L2' }, 'fff5 9464', 48],
    ['MPEG-1, layer I', { codecId: 'A_MPEG/L1' }, 'ffff 9864', 12],
    ['MPEG of a reserved version', { codecId: 'A_MPEG/L3' }, 'ffeb 9064', undefined],
    ['MPEG of a reserved rate', { codecId: 'A_MPEG/L3' }, 'fffb 9c64', undefined],
    ['DTS, 512 samples', { codecId: 'A_DTS' }, '7ffe8001 fc 3c 00 00 36', ms(512, 48_000)],
    ['DTS, 2048 samples, 44.1 kHz', { codecId: 'A_DTS' }, '7ffe8001 fc fc 00 00 20', ms(2048, 44_100)],
    ['DTS without a core', { codecId: 'A_DTS' }, '64582025 fc fc 00 00 20', undefined],
    ['FLAC, 4096 samples', flac, 'fff8 c9 18 00', ms(4096, 44_100)],
    ['FLAC, 192 samples', flac, 'fff8 1a 18 00', 4],
    ['FLAC, 1152 samples', flac, 'fff8 3a 18 00', 24],
    ['FLAC, a size of 8 bits', flac, 'fff8 6a 18 00 2f', 1],
    ['FLAC, a size of 16 bits behind a number of 3 bytes', flac, 'fff9 7a 18 e08080 12bf', 100],
    ['FLAC, the rate of the track', flac, 'fff8 c0 18 00', ms(4096, 22_050)],
    ['FLAC, a size that is cut', flac, 'fff8 7a 18 00 12', undefined],
    ['no FLAC', flac, '0011 2233 44', undefined],
    ['AAC, 1024 samples', { codecId: 'A_AAC', codecPrivate: '1190' }, '00', ms(1024, 48_000)],
    ['AAC, 960 samples', { codecId: 'A_AAC', codecPrivate: '1194' }, '00', 20],
    [
      'HE-AAC, at the rate of its core',
      { codecId: 'A_AAC', codecPrivate: '2b92 0800' },
      '00',
      ms(1024, 22_050),
    ],
    ['AAC-LD', { codecId: 'A_AAC', codecPrivate: 'b990 00' }, '00', ms(512, 48_000)],
    ['AAC-ELD, 480 samples', { codecId: 'A_AAC', codecPrivate: 'f8e6 3000' }, '00', 10],
    ['AAC, by its ADTS header', { codecId: 'A_AAC' }, 'fff1 5080 00ff fc', ms(1024, 44_100)],
    ['AAC, an ADTS header of two blocks', { codecId: 'A_AAC' }, 'fff1 5080 00ff fd', ms(2048, 44_100)],
    ['AAC of an old codec id', { codecId: 'A_AAC/MPEG2/LC', rateHz: 48_000 }, '00', ms(1024, 48_000)],
    ['marked as AAC, with nothing that says so', { codecId: 'A_AAC', rateHz: 8000 }, '0000', undefined],
    ['PCM', { codecId: 'A_PCM/INT/LIT', rateHz: 8000, bitDepth: 16 }, '00'.repeat(640), 20],
    ['PCM without a bit depth', { codecId: 'A_PCM/INT/BIG', rateHz: 8000 }, '00'.repeat(640), 20],
    ['floats', { codecId: 'A_PCM/FLOAT/IEEE', rateHz: 8000, channels: 1 }, '00'.repeat(640), 20],
    ['mu-law', { codecId: 'A_MS/ACM', codecPrivate: waveFormat('0700', '0800') }, '00'.repeat(160), 20],
    [
      'A-law that says 16 bits',
      { codecId: 'A_MS/ACM', codecPrivate: waveFormat('0600', '1000') },
      '00'.repeat(160),
      20,
    ],
    [
      'PCM of a WAVEFORMATEX',
      { codecId: 'A_MS/ACM', codecPrivate: waveFormat('0100', '1000') },
      '00'.repeat(320),
      20,
    ],
    [
      'MP3 of a WAVEFORMATEX',
      { codecId: 'A_MS/ACM', codecPrivate: waveFormat('5500', '0000') },
      'fffb 9464',
      24,
    ],
    [
      'ADPCM, which is not read',
      { codecId: 'A_MS/ACM', codecPrivate: waveFormat('0200', '0400') },
      '00',
      undefined,
    ],
    ['encrypted', { ...opus, encrypted: true }, '18', undefined],
    ['of a codec that is not known', { codecId: 'A_REAL/COOK' }, '18', undefined],
  ]
  for (const [name, settings, frame, expected] of cases) {
    it(`${expected ?? 'unknown'} ms: ${name}`, () => assert.deepEqual(durations(settings, frame), [expected]))
  }

  it('is above zero, or unknown, for any bytes', () => {
    const settings = fc.constantFrom(
      ...['A_OPUS', 'A_AC3', 'A_EAC3', 'A_MPEG/L3', 'A_DTS', 'A_FLAC', 'A_AAC'].map(codecId => ({ codecId })),
      { codecId: 'A_VORBIS', codecPrivate: VORBIS },
    )
    const starts = fc.constantFrom('', '0b77', 'fffb', '7ffe8001', 'fff8', 'fff1')
    const frame = fc.tuple(starts, fc.uint8Array({ maxLength: 20 }))
    fc.assert(
      fc.property(settings, fc.array(frame, { maxLength: 4 }), (track, frames) => {
        const found = durations(
          track,
          ...frames.map(([start, rest]) => start + Buffer.from(rest).toString('hex')),
        )
        assert.ok(found.every(value => value === undefined || value > 0))
      }),
    )
  })
})

/** Headers of Vorbis at 48 kHz with blocks of 256 and 2048 samples, and two modes: short, long. */
const VORBIS = vorbisHeaders(0xb8, [0, 1])

/** The first header whole; of the third what stands at its end: the modes and the framing bit. */
function vorbisHeaders(blockSizes: number, modes: readonly number[]): string {
  const identification = `01 766f72626973 00000000 02 80bb0000 000000000000000000000000 ${blockSizes.toString(16)} 01`
  // Values are packed from the lowest bit on: the number of modes less one, then each mode, then 1.
  const bits = [
    ...lowBits(modes.length - 1, 6),
    ...modes.flatMap(flag => [flag, ...lowBits(0, 32), ...lowBits(0, 8)]),
    1,
  ]
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8))
  for (const [index, bit] of bits.entries()) bytes[index >> 3]! |= bit << (index & 7)
  const setup = `05 766f72626973 aaaaaaaaaaaaaaaa ${bytes.toString('hex')}`
  return `02 1e 07 ${identification} 03766f72626973 ${setup}`
}

function lowBits(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, bit) => (value >> bit) & 1)
}

describe('the duration of a packet of Vorbis', () => {
  const vorbis = { codecId: 'A_VORBIS', codecPrivate: VORBIS }
  const inMs = (...samples: number[]) => samples.map(count => (count * 1000) / 48_000)
  /** Bit 0: audio; bit 1: the mode; bits 2 and 3 of a long block: what is before and after it. */
  const [short, long] = ['00', '06'] as const

  it('is a quarter of its own block and of the one before', () => {
    assert.deepEqual(durations(vorbis, short, short, '02', long, short), inMs(64, 128, 576, 1024, 576))
  })

  it('counts what a long block says of the one before, where that is lost', () => {
    assert.deepEqual(durations(vorbis, long, short, '02'), inMs(512, 576, 576))
    assert.deepEqual(durations(vorbis, long, '02'), inMs(512, 576))
  })

  it('needs no bit for the one mode of a stream', () => {
    assert.deepEqual(
      durations({ ...vorbis, codecPrivate: vorbisHeaders(0x88, [0]) }, '00', '00'),
      inMs(64, 128),
    )
  })

  it('is unknown for a header, an unknown mode, an empty packet, and without the headers', () => {
    assert.deepEqual(durations(vorbis, '01', ''), [undefined, undefined])
    const three = { ...vorbis, codecPrivate: vorbisHeaders(0xb8, [0, 1, 1]) }
    assert.deepEqual(durations(three, '04', '06'), [inMs(512)[0], undefined])
    for (const codecPrivate of ['', '02', '021e', '02ffff', VORBIS.slice(0, 60)]) {
      assert.equal(readerOf({ ...vorbis, codecPrivate }), undefined)
    }
  })
})
