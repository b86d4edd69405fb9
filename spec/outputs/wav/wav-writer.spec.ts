import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type PcmFormat,
  type WavFileReport,
  WavWriter,
  type WavWriterOptions,
} from '../../../lib/outputs/wav/wav-writer.ts'
import { type FragmentOptions, fragment, payload, type TrackOptions } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'
import { type CallOptions, callFragments, expectedSamples, type Speaker, START_MS } from '../call-builder.ts'
import { eventsOf, run, scratch } from '../media.ts'

const FROM: Speaker = 'AUDIO_FROM_CUSTOMER'
const TO: Speaker = 'AUDIO_TO_CUSTOMER'

async function write(
  events: Iterable<FragmentEvent> | AsyncIterable<FragmentEvent>,
  options: WavWriterOptions,
): Promise<WavFileReport[]> {
  const writer = new WavWriter(options)
  const reports: WavFileReport[] = []
  writer.on('file', (report: WavFileReport) => reports.push(report))
  const closed = new Promise(resolve => writer.once('close', resolve))
  await pipeline(Readable.from(events), writer).finally(() => closed)
  return reports
}

const call = (options: CallOptions) => eventsOf(payload(...callFragments(options)))

/** A file's header fields, and its samples by channel. */
async function readWav(path: string) {
  const bytes = await readFile(path)
  const text = (at: number) => bytes.toString('latin1', at, at + 4)
  const channels = bytes.readUInt16LE(22)
  const dataBytes = bytes.readUInt32LE(40)
  assert.deepEqual([text(0), text(8), text(12), text(36)], ['RIFF', 'WAVE', 'fmt ', 'data'])
  assert.deepEqual([bytes.readUInt32LE(4), dataBytes], [bytes.length - 8, bytes.length - 44])
  const samples = Array.from({ length: channels }, () => new Int16Array(dataBytes / 2 / channels))
  for (let i = 0; i < dataBytes / 2; i++) {
    samples[i % channels]![Math.floor(i / channels)] = bytes.readInt16LE(44 + i * 2)
  }
  return {
    rate: bytes.readUInt32LE(24),
    bits: bytes.readUInt16LE(34),
    format: bytes.readUInt16LE(20),
    samples,
  }
}

/** Where two channels differ first, so that a failure does not print a call. */
function firstDifference(found: Int16Array | undefined, expected: Int16Array): string | undefined {
  if (found?.length !== expected.length) return `${found?.length} samples and not ${expected.length}`
  const at = found.findIndex((sample, index) => sample !== expected[index])
  return at === -1 ? undefined : `sample ${at} is ${found[at]} and not ${expected[at]}`
}

function padded(samples: Int16Array, length: number): Int16Array {
  const longer = new Int16Array(length)
  longer.set(samples)
  return longer
}

/** A fragment with one track of audio. */
const audio = (options: FragmentOptions, track: TrackOptions = {}) =>
  fragment({ tracks: [{ type: 'audio', name: FROM, ...track }], tags: MIME, ...options })
const MIME = { MimeType: 'audio/L16;rate=1000;channels=1;' }
const pcm = (...samples: number[]) => Buffer.from(Int16Array.from(samples).buffer)

describe('WavWriter', () => {
  const hard: CallOptions = {
    seconds: 40,
    isLost: second => second === 5 || (second > 20 && second < 24) || second === 0,
    reusedFrom: 35,
  }

  it("puts each speaker's samples where their timestamps say, with silence for what was lost", async () => {
    await using directory = await scratch()
    const reports = await write(await call(hard), { directory: directory.path })
    const files = await Promise.all(reports.map(({ path }) => readWav(path)))
    assert.deepEqual(
      reports.map(({ path, tracks, contactId, startedAt }) => [basename(path), tracks, contactId, startedAt]),
      [FROM, TO].map(name => [`contact-1-${name}.wav`, [name], 'contact-1', new Date(START_MS + 1000)]),
    )
    assert.deepEqual(
      files.map(({ rate, bits, format }) => ({ rate, bits, format })),
      files.map(() => ({ rate: 8000, bits: 16, format: 1 })),
    )
    assert.deepEqual(
      [FROM, TO].map((name, i) => firstDifference(files[i]?.samples[0], expectedSamples(name, hard, 1))),
      [undefined, undefined],
    )
  })

  it('puts both speakers into one stereo file, in step', async () => {
    await using directory = await scratch()
    const [report] = await write(await call(hard), { directory: directory.path, layout: 'stereo' })
    const { samples } = await readWav(report!.path)
    const expected = [FROM, TO].map(name => expectedSamples(name, hard, 1))
    const length = Math.max(...expected.map(channel => channel.length))
    assert.deepEqual([basename(report!.path), report?.samples], ['contact-1.wav', length])
    assert.deepEqual(
      expected.map((channel, i) => firstDifference(samples[i], padded(channel, length))),
      [undefined, undefined],
    )
  })

  it('stops, splits, filters or goes on when the stream is used for another call', async () => {
    await using directory = await scratch()
    const events = await call({ seconds: 10, reusedFrom: 4 })
    const found: [string, string, number][] = []
    for (const onContactChange of ['stop', 'split', 'filter', 'ignore'] as const) {
      const options = {
        directory: directory.file(onContactChange),
        layout: 'stereo',
        onContactChange,
      } as const
      for (const { path, samples } of await write(events, options)) {
        found.push([onContactChange, basename(path), Math.floor(samples / 8000)])
      }
    }
    assert.deepEqual(found, [
      ['stop', 'contact-1.wav', 4],
      ['split', 'contact-1.wav', 4],
      ['split', 'contact-2.wav', 6],
      ['filter', 'contact-1.wav', 4],
      ['ignore', 'contact-1.wav', 10],
    ])
  })

  it('waits for the contact that is asked for, and tells of the next', async () => {
    await using directory = await scratch()
    const writer = new WavWriter({ directory: directory.path, contactId: 'contact-2', layout: 'stereo' })
    const told: unknown[] = []
    writer.on('file', ({ contactId, startedAt }: WavFileReport) => told.push([contactId, startedAt]))
    writer.on('contact-change', change => told.push(change))
    const [first, second] = [await call({ seconds: 4, reusedFrom: 2 }), await call({ seconds: 6 })]
    await pipeline(Readable.from([...first, ...second]), writer)
    assert.deepEqual(told, [
      ['contact-2', new Date(START_MS + 2000)],
      { contactId: 'contact-1', verdict: 'stop' },
    ])
  })

  const formats: [
    name: string,
    track: TrackOptions,
    tags: FragmentOptions['tags'],
    data: Buffer,
    expected: number[],
  ][] = [
    ['the MimeType tag, whatever the codec id says', {}, MIME, pcm(1, -2, 3), [1, -2, 3]],
    [
      'G.711 mu-law',
      {},
      { MimeType: 'audio/PCMU;rate=1000' },
      Buffer.from('ff7f00802a', 'hex'),
      [0, 0, -32124, 32124, -5372],
    ],
    [
      'G.711 A-law',
      {},
      { MimeType: 'audio/PCMA;rate=1000' },
      Buffer.from('d555aa2a', 'hex'),
      [8, -8, 32256, -32256],
    ],
    [
      'big-endian PCM by its codec id',
      { codecId: 'A_PCM/INT/BIG', audio: { samplingFrequencyHz: 1000, channels: 1, bitDepth: 16 } },
      {},
      Buffer.from('0102fffe', 'hex'),
      [258, -2],
    ],
    [
      'bytes by their codec id',
      { codecId: 'A_PCM/INT/LIT', audio: { samplingFrequencyHz: 1000, channels: 1, bitDepth: 8 } },
      {},
      Buffer.from('80ff00', 'hex'),
      [0, 32512, -32768],
    ],
    [
      'mu-law by its WAVEFORMATEX',
      { codecId: 'A_MS/ACM', codecPrivate: Buffer.from('07000100e8030000e8030000010008000000', 'hex') },
      {},
      Buffer.from('ff80', 'hex'),
      [0, 32124],
    ],
  ]
  for (const [name, track, tags, data, expected] of formats) {
    it(`reads ${name}`, async () => {
      await using directory = await scratch()
      const events = await eventsOf(audio({ tags: tags ?? {}, frames: [{ data }] }, track))
      const [report] = await write(events, { directory: directory.path })
      const { samples, rate } = await readWav(report!.path)
      assert.deepEqual([rate, Array.from(samples[0]!)], [1000, expected])
    })
  }

  it('takes the format from a tag that comes some fragments later', async () => {
    await using directory = await scratch()
    const events = await eventsOf(
      payload(
        audio({ number: '1', tags: {}, frames: [{ data: pcm(1, 2) }] }),
        audio({ number: '2', timestamp: 2, producerTimestamp: '1700000000.002', frames: [{ data: pcm(3) }] }),
      ),
    )
    const [report] = await write(events, { directory: directory.path })
    const { samples, rate } = await readWav(report!.path)
    assert.deepEqual([rate, Array.from(samples[0]!)], [1000, [1, 2, 3]])
  })

  it('takes what Amazon Connect usually sends where no tag ever comes', async () => {
    await using directory = await scratch()
    const events = await eventsOf(
      audio({ tags: {}, frames: [{ data: pcm(1, 2) }] }, { name: 'Track_audio/L16' }),
    )
    const [report] = await write(events, { directory: directory.path, layout: 'stereo' })
    const { samples, rate } = await readWav(report!.path)
    assert.deepEqual([rate, samples.map(channel => Array.from(channel))], [8000, [[1, 2]]])
  })

  it('fails for a track that is no PCM, and takes it where it is told what it is', async () => {
    await using directory = await scratch()
    const events = await eventsOf(audio({ tags: {}, frames: [{ data: pcm(5) }] }, { name: 'mic' }))
    await assert.rejects(write(events, { directory: directory.path }), {
      code: 'ERR_OUTPUT',
      message: /A_AAC/,
    })
    const format = { sampleRateHz: 16_000, channels: 1, encoding: 's16le' } as const
    const [report] = await write(events, { directory: directory.path, format })
    assert.deepEqual([report?.sampleRateHz, report?.samples], [16_000, 1])
  })

  it('joins blocks whose timestamps wobble without a seam, and leaves a gap that stays', async () => {
    await using directory = await scratch()
    const times = [0, 21, 38, 60, 142, 77, 98, 121, 300, 321, 340]
    const frames = times.map((at, index) => ({ at, data: pcm(...Array<number>(20).fill(index + 1)) }))
    const [report] = await write(await eventsOf(audio({ frames })), { directory: directory.path })
    const { samples } = await readWav(report!.path)
    const blocks = times.flatMap((_at, index) => [
      ...(index === 8 ? Array<number>(140).fill(0) : []),
      ...Array<number>(20).fill(index + 1),
    ])
    assert.deepEqual(Array.from(samples[0]!), blocks)
    assert.deepEqual([report?.silenceSamples, report?.overlappingSamples, report?.driftSamples], [140, 0, 0])
  })

  it('puts each block at its timestamp where no jitter is tolerated', async () => {
    await using directory = await scratch()
    const frames = [0, 1, 4].map((at, index) => ({ at, data: pcm(index + 1, index + 1) }))
    const options = { directory: directory.path, jitterToleranceMs: 0 }
    const [report] = await write(await eventsOf(audio({ frames })), options)
    const { samples } = await readWav(report!.path)
    assert.deepEqual(Array.from(samples[0]!), [1, 1, 2, 0, 3, 3])
    assert.deepEqual([report?.silenceSamples, report?.overlappingSamples], [1, 1])
  })

  it('keeps the samples that came first where a producer sends its last moments again', async () => {
    await using directory = await scratch()
    const again = (number: string, fromMs: number, value: number) =>
      audio({
        ...{ number, timestamp: fromMs, producerTimestamp: `${1_700_000_000 + fromMs / 1000}` },
        frames: Array.from({ length: 5 }, (_, index) => ({
          ...{ at: index * 20, keyframe: true, data: pcm(...Array<number>(20).fill(value)) },
        })),
      })
    const events = await eventsOf(payload(again('1', 0, 1), again('2', 40, 2)))
    const [report] = await write(events, { directory: directory.path })
    const { samples } = await readWav(report!.path)
    const expected = [...Array<number>(100).fill(1), ...Array<number>(40).fill(2)]
    assert.deepEqual([Array.from(samples[0]!), report?.overlappingSamples], [expected, 60])
  })

  it('begins another recording after a long silence, and when a clock without a date starts again', async () => {
    await using directory = await scratch()
    const at = (number: string, timestamp: number) =>
      audio({ number, timestamp, producerTimestamp: `${timestamp / 1000}`, frames: [{ data: pcm(1, 2, 3) }] })
    const events = await eventsOf(payload(at('1', 0), at('2', 9000), at('3', 20_000), at('4', 0)))
    const reports = await write(events, { directory: directory.path, longestSilenceMs: 10_000 })
    assert.deepEqual(
      reports.map(({ path, samples }) => [basename(path), samples]),
      [
        [`${FROM}.wav`, 9003],
        [`${FROM}-2.wav`, 3],
        [`${FROM}-3.wav`, 3],
      ],
    )
  })

  it('writes names from a payload into no other directory', async () => {
    await using directory = await scratch()
    const tags = { ...MIME, ContactId: '../../etc/passwd' }
    const [report] = await write(await eventsOf(audio({ tags, frames: [{ data: pcm(1) }] })), {
      directory: directory.path,
    })
    assert.equal(report?.path, directory.file(`__.._etc_passwd-${FROM}.wav`))
  })

  it('has the right header and name when the stream is cut, and shows nothing under the name before', async () => {
    await using directory = await scratch()
    const seen: string[][] = []
    const events = async function* () {
      for (const event of await call({ seconds: 3 })) {
        if (event.type === 'fragment-end' && event.fragmentNumber === '3') throw new Error('the call is cut')
        yield event
        seen.push(await readdir(directory.path))
      }
    }
    await assert.rejects(write(events(), { directory: directory.path, layout: 'stereo' }), {
      message: 'the call is cut',
    })
    const { samples } = await readWav(directory.file('contact-1.wav'))
    assert.equal(seen.flat().includes('contact-1.wav'), false)
    assert.deepEqual(await readdir(directory.path), ['contact-1.wav'])
    // All but the events that were still on their way.
    assert.equal(
      firstDifference(samples[0]?.slice(0, 16_000), expectedSamples(FROM, { seconds: 2 })),
      undefined,
    )
  })

  it("takes tags behind a fragment's end for that fragment's, and no other's", async () => {
    await using directory = await scratch()
    const events = (await call({ seconds: 8, reusedFrom: 4 })).flatMap((event): FragmentEvent[] => {
      if (event.type !== 'fragment-end') return [event]
      const { fragmentNumber, tags } = event
      return [
        { ...event, tags: {} },
        { type: 'late-tags', fragmentNumber, tags },
      ]
    })
    const reports = await write(events, {
      directory: directory.path,
      layout: 'stereo',
      onContactChange: 'split',
    })
    const { samples } = await readWav(directory.file('contact-1.wav'))
    const expected = expectedSamples(FROM, { seconds: 4 })
    assert.equal(firstDifference(samples[0], padded(expected, samples[0]!.length)), undefined)
    assert.deepEqual(
      reports.map(({ path, samples }) => [basename(path), Math.floor(samples / 8000)]),
      [
        ['contact-1.wav', 4],
        ['contact-2.wav', 4],
      ],
    )
  })

  it('names the contact that shows later, and the moment of the first sample, whichever track it is of', async () => {
    await using directory = await scratch()
    const tracks: TrackOptions[] = [FROM, TO].map(name => ({ type: 'audio', name }))
    const part = (number: string, at: number, tags: FragmentOptions['tags']) =>
      fragment({
        ...{ number, tracks, tags: tags ?? {}, timestamp: at, producerTimestamp: `1700000000.00${at}` },
        frames: [
          { track: 1, at: 2, data: pcm(1) },
          { track: 2, at: 0, data: pcm(2) },
        ],
      })
    const events = await eventsOf(payload(part('1', 0, {}), part('2', 4, { ...MIME, ContactId: 'c' })))
    const options = { directory: directory.path, layout: 'stereo', jitterToleranceMs: 0 } as const
    const [report] = await write(events, options)
    const { samples } = await readWav(report!.path)
    assert.deepEqual(
      [basename(report!.path), report?.contactId, report?.startedAt, samples.map(one => Array.from(one))],
      [
        ...['c.wav', 'c', new Date(1_700_000_000_000)],
        [
          [0, 0, 1, 0, 0, 0, 1],
          [2, 0, 0, 0, 2, 0, 0],
        ],
      ],
    )
  })

  /** A moment of tracks by these names, each with one sample, which is its place. */
  const moment = (at: number, ...names: string[]) =>
    fragment({
      ...{ number: String(at), timestamp: at, producerTimestamp: `1700000000.00${at}`, tags: MIME },
      tracks: names.map(name => ({ type: 'audio', name })),
      frames: names.map((_name, index) => ({ track: index + 1, data: pcm(index + 1) })),
    })

  it('goes on in the same files when other tracks than those of a Connect call swap their places', async () => {
    await using directory = await scratch()
    const events = await eventsOf(payload(moment(0, 'a', 'b'), moment(1, 'b', 'a'), moment(2, 'a')))
    const reports = await write(events, { directory: directory.path })
    const files = await Promise.all(reports.map(({ path }) => readWav(path)))
    assert.deepEqual(
      reports.map(({ path }, index) => [basename(path), Array.from(files[index]!.samples[0]!)]),
      [
        ['a.wav', [1, 2, 1]],
        ['b.wav', [2, 1]],
      ],
    )
  })

  it('records each of two tracks of one name', async () => {
    await using directory = await scratch()
    const reports = await write(await eventsOf(moment(0, 'mic', 'mic')), { directory: directory.path })
    const files = await Promise.all(reports.map(({ path }) => readWav(path)))
    assert.deepEqual(
      reports.map(({ tracks }, index) => [tracks, Array.from(files[index]!.samples[0]!)]),
      [
        [['mic'], [1]],
        [['mic-2'], [2]],
      ],
    )
  })

  it('fails at the end where nothing of what it was to record came', async () => {
    await using directory = await scratch()
    const names = await eventsOf(moment(0, 'a', 'b'))
    await assert.rejects(write(names, { directory: directory.path, tracks: ['c'] }), {
      code: 'ERR_OUTPUT',
      message: 'WavWriter: no frame of c came; the stream has a, b',
    })
    await assert.rejects(write(await eventsOf(fragment()), { directory: directory.path }), {
      code: 'ERR_OUTPUT',
      message: 'WavWriter: no frame of an audio track came; the stream has track-1',
    })
    assert.deepEqual(await write([], { directory: directory.path }), [])
    assert.deepEqual(await readdir(directory.path), [])
  })

  it('refuses options that are none', () => {
    const code = 'ERR_INVALID_OPTION'
    assert.throws(() => new WavWriter({ directory: '' }), { code })
    assert.throws(() => new WavWriter({ directory: 'a', tracks: [] }), { code })
    assert.throws(() => new WavWriter({ directory: 'a', jitterToleranceMs: -1 }), { code })
    // @ts-expect-error: no such policy
    assert.throws(() => new WavWriter({ directory: 'a', onContactChange: 'mix' }), { code })
    const format = { sampleRateHz: 8000, channels: 1, encoding: 'mp3' } as unknown as PcmFormat
    assert.throws(() => new WavWriter({ directory: 'a', format }), { code })
  })

  it('writes what ffmpeg reads sample for sample', requires('ffmpeg', 'ffprobe'), async () => {
    await using directory = await scratch()
    const [report] = await write(await call(hard), { directory: directory.path, layout: 'stereo' })
    const { samples } = await readWav(report!.path)
    const raw = directory.file('raw')
    const decode = ['-v', 'error', '-i', report!.path, '-f', 's16le', '-af', 'pan=mono|c0=c1', raw]
    const { stderr } = await run('ffmpeg', decode)
    const decoded = await readFile(raw)
    const right = new Int16Array(decoded.buffer, decoded.byteOffset, decoded.length / 2)
    assert.deepEqual([stderr, firstDifference(right, samples[1]!)], ['', undefined])
  })
})
