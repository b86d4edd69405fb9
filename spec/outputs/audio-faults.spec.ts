import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { getmedia } from '../support/cli.ts'
import { cluster, document, info, type TrackOptions, tracks } from '../support/mkv-builder.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { run, scratch } from './media.ts'

const JITTER = 'faults/pcm-jitter-2ms.mkv'
const LACES = 'faults/opus-laced-no-default-duration.mkv'
const NUL = 'faults/subtitle-nul-then-junk.mkv'
const WAV_HEADER_BYTES = 44

/** Converts bytes or a file; gives the exit code and what was said. */
async function convert(input: Uint8Array | string, ...flags: string[]) {
  const isFile = typeof input === 'string'
  const { exitCode, stderr } = await getmedia(
    ['convert', isFile ? input : '-', ...flags],
    isFile ? {} : { stdin: input },
  )
  return { exitCode, stderr }
}

/** ffprobe's packet times in milliseconds. */
async function packetTimes(path: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', path],
  ])
  return stdout
    .split(/[\s,]+/)
    .filter(text => text !== '')
    .map(text => Number(text) * 1000)
}

const AAC_960: TrackOptions = {
  ...{ type: 'audio', codecId: 'A_AAC', codecPrivate: Buffer.from('1194', 'hex') },
  audio: { samplingFrequencyHz: 48_000, channels: 2 },
}
const laced = (track: TrackOptions) =>
  document(
    info(),
    tracks([track]),
    cluster({ blocks: [{ keyframe: true, lacing: 'xiph', data: ['a', 'bb', 'ccc'] }] }),
  )

describe('audio that needs its codec or its sample clock to be placed', () => {
  it('PCM whose timestamps wobble is what ffmpeg reads', {
    ...requires('ffmpeg'),
    ...requiresSharedData(JITTER),
  }, async () => {
    await using directory = await scratch()
    const file = sharedData(JITTER)!
    const { exitCode } = await convert(file, '--wav', directory.file('wav'))
    await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      file,
      '-c:a',
      'pcm_s16le',
      '-f',
      's16le',
      directory.file('raw'),
    ])
    const samples = (await readFile(directory.file('wav/track-1.wav'))).subarray(WAV_HEADER_BYTES)
    const expected = await readFile(directory.file('raw'))
    assert.deepEqual([exitCode, samples.length, samples.equals(expected)], [0, 48_000, true])
  })

  it('each packet of laced Opus has its own time in MKV and MP4', {
    ...requires('ffprobe'),
    ...requiresSharedData(LACES),
  }, async () => {
    await using directory = await scratch()
    const [mkv, mp4] = [directory.file('a.mkv'), directory.file('a.mp4')]
    const { exitCode } = await convert(sharedData(LACES)!, '--mkv', mkv, '--mp4', mp4)
    assert.equal(exitCode, 0)
    for (const path of [mkv, mp4]) {
      const times = await packetTimes(path)
      const late = times.findIndex((ms, index) => Math.abs(ms - times[0]! - index * 20) > 1)
      assert.deepEqual([late, times.length > 8], [-1, true])
    }
  })

  it('cues end at their first NUL', requiresSharedData(NUL), async () => {
    const { stdout } = await getmedia(['convert', sharedData(NUL)!, '--cues', '-'])
    assert.deepEqual(
      ['First line', 'Second line'].map(text => stdout.includes(text)),
      [true, true],
    )
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[^ -~]/)
  })

  it('AAC of 960 samples has 20 ms a frame in MP4, and is refused by ADTS', requires('ffprobe'), async () => {
    await using directory = await scratch()
    const mp4 = directory.file('a.mp4')
    assert.equal((await convert(laced(AAC_960), '--mp4', mp4)).exitCode, 0)
    assert.deepEqual(await packetTimes(mp4), [0, 20, 40])
    const { exitCode, stderr } = await convert(laced(AAC_960), '--aac', directory.file('a.aac'))
    assert.equal(exitCode, 1)
    assert.match(stderr, /ADTS has no room for frames of 960 samples/)
  })

  it('samples that overlap are told of, with the exit code of missing media', async () => {
    await using directory = await scratch()
    const track: TrackOptions = {
      ...{ type: 'audio', codecId: 'A_PCM/INT/LIT', name: 'mic' },
      audio: { samplingFrequencyHz: 8000, channels: 1, bitDepth: 16 },
    }
    const blocks = [...Array(20).keys(), ...Array.from({ length: 10 }, (_, index) => index + 15)]
    const input = document(
      info(),
      tracks([track]),
      cluster({ blocks: blocks.map(index => ({ at: index * 20, data: Buffer.alloc(320, index + 1) })) }),
    )
    const { exitCode, stderr } = await convert(input, '--wav', directory.file('wav'))
    assert.equal(exitCode, 3)
    assert.match(stderr, /left out 800 samples/)
    const exact = await convert(input, '--wav', directory.file('exact'), '--wav-jitter', '0')
    assert.equal(exact.exitCode, 3)
    assert.equal((await convert(input, '--mkv', directory.file('a.mkv'), '--wav-jitter', '5ms')).exitCode, 2)
  })
})
