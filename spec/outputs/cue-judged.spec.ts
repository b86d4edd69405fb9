import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { type FragmentEvent, getMedia } from '../../lib/index.ts'
import type { Cue } from '../../lib/outputs/cues/cue-extractor.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { fragment, payload } from '../support/mkv-builder.ts'
import { requires } from '../support/requirements.ts'
import { asPayload, CAPTIONS, caption, cuesOf, fileOf, picture, VIDEO } from './cue-payload.ts'
import { eventsOf, run, scratch } from './media.ts'

/** Programs that nobody here wrote say what the cues are worth. */

const tools = requires('ffmpeg', 'ffprobe', 'mkvmerge', 'mkvextract')
const STARTED_AT = new Date('2026-01-02T03:04:05.000Z')

const SRT = `1
00:00:00,300 --> 00:00:01,500
<i>Hello</i>, door

2
00:00:01,500 --> 00:00:02,200
Two
lines, 1 > 0

3
00:00:03,999 --> 00:00:07,000
Grüße über die Grenze
`

const ASS = `[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,0,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 2,0:00:00.30,0:00:01.50,Default,Anna,0001,0002,0003,,{\\b1}Hello{\\b0}, you\\Nand me
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0000,0000,0000,,Plain {\\pos(1,2)}text
`

const WEBVTT = `WEBVTT

id one
00:00:00.300 --> 00:00:01.500 align:start line:0
Hello <b>bold</b> &amp; co
second

00:00:04.000 --> 00:00:06.000
no id
`

/** What would break a file of text, many at once. */
const TEXTS = fc.array(
  fc.string({
    maxLength: 8,
    unit: fc.oneof(
      fc.constantFrom('\n', '\r\n', '-->', '1\n00:00:01,000 --> 00:00:02,000\n', '00:01.000 --> 00:02.000'),
      fc.constantFrom('NOTE', 'STYLE', 'REGION', 'WEBVTT', '7', ' ', '\0', '{\\an8}', '<b>', '&', 'é'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
  }),
  { minLength: 50, maxLength: 100 },
)

/** What ffprobe tells of a packet, in seconds. */
type Packet = { readonly pts_time: string; readonly duration_time?: string }

/** Six seconds of a picture, and the texts, as `mux` puts them into one Matroska file. */
async function withTexts(
  name: string,
  texts: string,
  directory: { file(name: string): string },
  mux: 'mkvmerge' | 'ffmpeg' = 'mkvmerge',
): Promise<string> {
  const [pictures, textFile, path] = [
    directory.file('eye.mkv'),
    directory.file(name),
    directory.file('both.mkv'),
  ]
  await writeFile(textFile, texts)
  const source = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=10:d=6', '-c:v', 'mjpeg']
  await run('ffmpeg', ['-v', 'error', '-y', ...source, pictures])
  if (mux === 'mkvmerge') await run('mkvmerge', ['-q', '-o', path, pictures, textFile])
  else
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      pictures,
      '-i',
      textFile,
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      path,
    ])
  return path
}

/** The cues of SRT or WebVTT: times in milliseconds, and the lines. */
function cuesIn(text: string): string[] {
  const ms = (time: string) =>
    Math.round(time.split(':').reduce((sum, part) => sum * 60 + Number(part.replace(',', '.')), 0) * 1000)
  return Array.from(
    text.replaceAll('\r', '').matchAll(/^([\d:.,]+) --> ([\d:.,]+)(.*)\n([\s\S]*?)\n(?=\n|$)/gm),
    ([, start = '', end = '', settings, lines]) => `${ms(start)}-${ms(end)}${settings} ${lines}`,
  )
}

async function ffmpegText(path: string, ...output: string[]): Promise<string> {
  return (await run('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:s:0', ...output, '-'])).stdout
}

describe('texts out of fragments are what ffmpeg and mkvextract find in the file', tools, () => {
  it('SRT', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.srt', SRT, directory)
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    const expected = cuesIn(await ffmpegText(path, '-c', 'copy', '-f', 'srt'))
    assert.equal(expected.length, 3)
    assert.deepEqual(cuesIn(await fileOf(events, { format: 'srt' })), expected)
  })

  it('SRT as WebVTT', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.srt', SRT, directory)
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    // ffmpeg escapes nothing.
    const expected = cuesIn(await ffmpegText(path, '-f', 'webvtt')).map(cue =>
      cue.replace('1 > 0', '1 &gt; 0'),
    )
    assert.deepEqual(cuesIn(await fileOf(events, { format: 'webvtt' })), expected)
  })

  it('ASS as plain text', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.ass', ASS, directory)
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    const expected = cuesIn(await ffmpegText(path, '-c', 'text', '-f', 'srt'))
    assert.equal(expected.length, 2)
    assert.deepEqual(cuesIn(await fileOf(events, { format: 'srt' })), expected)
  })

  it('ASS, field for field', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.ass', ASS, directory)
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    await run('mkvextract', [path, 'tracks', `1:${directory.file('out.ass')}`])
    const extracted = (await readFile(directory.file('out.ass'), 'utf8')).matchAll(/^Dialogue: (.*)$/gm)
    const expected = Array.from(extracted, ([, line = '']) => {
      const [layer, , , style, name, marginL, marginR, marginV, effect, ...text] = line.trimEnd().split(',')
      return [layer, style, name, ...[marginL, marginR, marginV].map(Number), effect, text.join(',')].join(
        ',',
      )
    })
    const cues = await cuesOf(events)
    assert.equal(expected.length, 2)
    assert.deepEqual(
      cues.map(({ ass, text }) =>
        [ass?.layer, ass?.style, ass?.name, ass?.marginL, ass?.marginR, ass?.marginV, ass?.effect, text].join(
          ',',
        ),
      ),
      expected,
    )
  })

  it('WebVTT of mkvmerge', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.vtt', WEBVTT, directory)
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    await run('mkvextract', [path, 'tracks', `1:${directory.file('out.vtt')}`])
    // It stores settings in BlockAdditions, which are not among a frame's bytes.
    const expected = cuesIn(await readFile(directory.file('out.vtt'), 'utf8')).map(cue =>
      cue.replace(' align:start line:0', ''),
    )
    assert.equal(expected.length, 2)
    assert.deepEqual(cuesIn(await fileOf(events, { format: 'webvtt' })), expected)
  })

  it('WebVTT of ffmpeg, with identifiers and settings', async () => {
    await using directory = await scratch()
    const path = await withTexts('a.vtt', WEBVTT, directory, 'ffmpeg')
    const events = await eventsOf(asPayload(await readFile(path), 1000, STARTED_AT))
    const expected = await ffmpegText(path, '-c', 'copy', '-f', 'webvtt')
    const text = await fileOf(events, { format: 'webvtt' })
    assert.deepEqual(cuesIn(text), cuesIn(expected))
    assert.match(expected, /\nid one\n/)
    assert.match(text, /\nid one\n/)
    assert.match(text, /00:00:00.000 is 2026-01-02T03:04:05.000Z/)
  })
})

describe('a file of cues, given to ffmpeg,', tools, () => {
  for (const [format, codec] of [
    ['srt', 'subrip'],
    ['webvtt', 'webvtt'],
  ] as const) {
    it(`is ${format} with every cue in its place, whatever the texts`, async () => {
      await using directory = await scratch()
      const path = directory.file('cues')
      const entries = ['-show_entries', 'packet=pts_time,duration_time:stream=codec_name', '-of', 'json']
      const property = fc.asyncProperty(TEXTS, async texts => {
        const frames = texts.map((text, index) => caption(index * 100, `x${text}x`, 90))
        const events = await eventsOf(
          fragment({ tracks: [VIDEO, CAPTIONS], frames: [picture(0), ...frames] }),
        )
        await writeFile(path, await fileOf(events, { format }))
        const { stdout, stderr } = await run('ffprobe', ['-v', 'error', ...entries, path])
        const { packets, streams } = JSON.parse(stdout)
        assert.deepEqual([streams[0].codec_name, stderr], [codec, ''])
        assert.deepEqual(
          packets.map((packet: Packet) => [Number(packet.pts_time), Number(packet.duration_time)]),
          texts.map((_, index) => [index / 10, 0.09]),
        )
        const decoded = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'ass', '-'])
        assert.equal(decoded.stderr, '')
      })
      await fc.assert(property, { numRuns: 5, endOnFailure: true })
    })
  }
})

/** Track, time and duration of each text of a file, in milliseconds, by ffprobe. */
async function probedTexts(path: string): Promise<[startMs: number, durationMs: number | undefined][]> {
  const entries = ['-select_streams', 's', '-show_entries', 'packet=pts_time,duration_time', '-of', 'json']
  const { packets } = JSON.parse((await run('ffprobe', ['-v', 'error', ...entries, path])).stdout)
  return packets.map(({ pts_time, duration_time }: Packet) => [
    Math.round(Number(pts_time) * 1000),
    duration_time === undefined ? undefined : Math.round(Number(duration_time) * 1000),
  ])
}

describe('the times of cues', tools, () => {
  const part = (number: string, timestamp: number, seconds: string) =>
    fragment({
      ...{
        number,
        tracks: [VIDEO, CAPTIONS],
        timestamp,
        producerTimestamp: seconds,
        serverTimestamp: seconds,
      },
      frames: [
        picture(0),
        picture(40),
        caption(55, `${number} a`, 300),
        picture(400),
        caption(700, `${number} b`, 90),
      ],
    })
  const sessions = payload(
    part('1', 5000, '1700000000'),
    part('2', 6000, '1700000001'),
    part('3', 9000, '1700000004'),
    part('4', 0, '1700000009.5'),
    part('5', 1000, '1700000010.5'),
  )
  for (const gaps of ['keep', 'close'] as const) {
    it(`are those of MkvFileSink’s file, through a gap and a restart, with gaps: '${gaps}'`, async () => {
      await using directory = await scratch()
      const path = directory.file('out.mkv')
      const events = await eventsOf(sessions)
      await pipeline(Readable.from(events), new MkvFileSink({ path, gaps }))
      const cues = await cuesOf(events, { gaps })
      assert.equal(cues.length, 10)
      assert.deepEqual(
        cues.map(({ startMs, durationMs }) => [startMs, durationMs]),
        await probedTexts(path),
      )
    })
  }
})

/** Sessions that break in the middle of frames. */
const BREAKS: readonly Fault[] = [
  { type: 'reset', atByte: 7001 },
  { type: 'cut', atByte: 9000 },
  { type: 'exception', errorType: 'InternalFailure', statusCode: 500 },
  { type: 'end', atByte: 8100 },
  { type: 'cut-in-block', block: 3 },
]

describe('through broken sessions', tools, () => {
  it('each cue comes once, at its time', async () => {
    await using directory = await scratch()
    const path = directory.file('payload.mkv')
    const file = await readFile(await withTexts('a.srt', SRT, directory))
    await writeFile(path, asPayload(file, 500, STARTED_AT))
    await using emulator = await startEmulator({ idleEndMs: 100, limits: 'off' })
    await emulator.addStream({ name: 'door', source: path })
    emulator.faults('door', BREAKS)
    const stream = getMedia({
      ...{ streamName: 'door', region: 'us-east-1', startSelector: { type: 'EARLIEST' }, until: 'caught-up' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      ...{ controlEndpoint: emulator.url, idleTimeoutMs: 500, random: () => 0 },
    })
    const events: FragmentEvent[] = await stream.toArray()
    assert.equal(emulator.pendingFaults('door'), 0)
    const facts = ({ startMs, endMs, text }: Cue) => [startMs, endMs, text.replaceAll('\r', '')]
    const cues = await cuesOf(events)
    assert.deepEqual(cues.map(facts), [
      [300, 1500, '<i>Hello</i>, door'],
      [1500, 2200, 'Two\nlines, 1 > 0'],
      [3999, 7000, 'Grüße über die Grenze'],
    ])
    // The service keeps media that are added from a file under times of its own.
    const [first, second] = cues
    assert.equal(second!.wallClock!.getTime() - first!.wallClock!.getTime(), 1200)
  })
})
