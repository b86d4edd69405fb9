import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import {
  ElementaryStream,
  FileSink,
  type FragmentEvent,
  HlsWriter,
  joinStages,
  KeyframeSampler,
  MkvFileSink,
  MkvSegmentMerger,
  Mp4FileSink,
  Mp4Remuxer,
  SnapshotWriter,
} from '../../lib/index.ts'
import { annexBUnits, nalRole } from '../../lib/matroska/codecs/nal-units.ts'
import { lengthPrefixed, type PictureKind } from '../support/h264-pictures.ts'
import { type FrameOptions, fragment, payload } from '../support/mkv-builder.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { encode } from './encoded-media.ts'
import { eventsOf, readMkv, run, scratch } from './media.ts'
import { audioTrack, type PartOptions, part, videoTrack } from './pictures.ts'

/** A second of pictures, 100 ms apart. */
const pictures = (kinds: readonly PictureKind[], more: Partial<FrameOptions> = {}): FrameOptions[] =>
  kinds.map((kind, index) => ({ at: 100 * index, data: lengthPrefixed(kind), ...more }))
const GROUP: readonly PictureKind[] = ['idr', 'p', 'p', 'p', 'p', 'p', 'p', 'p', 'p', 'p']
/** Sound beside them, of AAC at 16 kHz. */
const sound = Array.from({ length: 15 }, (_, index) => ({ track: 2, at: 64 * index, data: `sound ${index}` }))
const inOrder = (frames: readonly FrameOptions[]) => frames.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))

const events = (...parts: readonly PartOptions[]) =>
  eventsOf(payload(...parts.map(each => fragment(part(each)))))

/** As producers of AWS send it: three fragments of which the first picture alone is flagged, and no sound. */
const fromAwsProducer = () =>
  events(
    ...[0, 1, 2].map(index => ({
      number: `${index}`,
      atMs: 1000 * index,
      tracks: [videoTrack(), audioTrack()],
      frames: inOrder([{ ...pictures(GROUP)[0]!, keyframe: true }, ...pictures(GROUP).slice(1), ...sound]),
    })),
  )

/** One fragment of three groups of pictures, all of them flagged or none. */
const onePart = (keyframe: boolean) =>
  events({ number: '1', atMs: 0, frames: pictures([...GROUP, ...GROUP, ...GROUP], { keyframe }) })

/** Packets of each stream, and `K` for each that the container says decoding can begin with. */
async function packets(path: string): Promise<{ video: string; audio: number }> {
  const args = ['-v', 'error', '-show_entries', 'packet=codec_type,flags', '-of', 'csv=p=0', path]
  const lines = (await run('ffprobe', args)).stdout.split('\n')
  const video = lines.flatMap(line => (line.startsWith('video') ? [line[6]] : []))
  return { video: video.join(''), audio: lines.filter(line => line.startsWith('audio')).length }
}

const THREE_GROUPS = 'K_________'.repeat(3)

/** Each output of frames, as one file. */
const OUTPUTS: Readonly<Record<string, (path: string) => NodeJS.WritableStream[]>> = {
  'door.mkv': path => [new MkvFileSink({ path }) as NodeJS.WritableStream],
  'door.mp4': path => [new Mp4FileSink({ path }) as NodeJS.WritableStream],
  'fragmented.mp4': path => [new Mp4Remuxer(), new FileSink({ path })] as NodeJS.WritableStream[],
  'merged.mkv': path => [new MkvSegmentMerger(), new FileSink({ path })] as NodeJS.WritableStream[],
}

describe('sound that no producer of AWS flags', requires('ffprobe'), () => {
  for (const [name, open] of Object.entries(OUTPUTS)) {
    it(`is in ${name}, every frame of it`, async () => {
      await using directory = await scratch()
      const path = directory.file(name)
      await pipeline([Readable.from(await fromAwsProducer()), ...open(path)])
      assert.deepEqual(await packets(path), { video: THREE_GROUPS, audio: 45 })
    })
  }

  it('is in the segments of HlsWriter, each of which begins with a keyframe', async () => {
    await using directory = await scratch()
    const writer = new HlsWriter({ directory: directory.path, segmentMs: 1000 })
    await pipeline(Readable.from(await fromAwsProducer()), writer as NodeJS.WritableStream)
    const playlist = directory.file('index.m3u8')
    assert.deepEqual(await packets(playlist), { video: THREE_GROUPS, audio: 45 })
    const text = await readFile(playlist, 'utf8')
    assert.match(text, /^#EXT-X-INDEPENDENT-SEGMENTS$/m)
    assert.equal(text.match(/^#EXTINF/gm)?.length, 3)
  })
})

describe('the key flags that Matroska outputs write', () => {
  it('are the truth, so that players can seek, and each frame keeps its time', async () => {
    await using directory = await scratch()
    const path = directory.file('door.mkv')
    const reports: { startedAt: Date | null }[] = []
    for (const flagged of [false, true]) {
      const sink = new MkvFileSink({ path })
      sink.on('file', report => reports.push(report))
      await pipeline(Readable.from(await onePart(flagged)), sink as NodeJS.WritableStream)
      const frames = readMkv(await readFile(path)).filter(event => event.type === 'frame')
      assert.equal(frames.map(({ keyframe }) => (keyframe ? 'K' : '_')).join(''), THREE_GROUPS)
    }
    assert.deepEqual(
      reports.map(({ startedAt }) => startedAt?.toISOString()),
      ['2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z'],
    )
  })

  it('are those of BlockGroups, too', async () => {
    const frames = inOrder([
      ...pictures(GROUP),
      ...sound.map(each => ({ ...each, group: { durationTicks: 50, references: [-50] } })),
    ])
    const parts = await events({ number: '1', atMs: 0, tracks: [videoTrack(), audioTrack()], frames })
    const bytes: Uint8Array[] = []
    for await (const chunk of Readable.from(parts).pipe(new MkvSegmentMerger() as NodeJS.ReadWriteStream)) {
      bytes.push(Buffer.from(chunk))
    }
    const written = readMkv(Buffer.concat(bytes)).filter(event => event.type === 'frame')
    const keys = written.filter(({ keyframe }) => keyframe)
    assert.deepEqual(
      [written.length, keys.length, keys.filter(({ track }) => track === 1).length],
      [25, 16, 1],
    )
  })
})

for (const flagged of [false, true]) {
  describe(`video of which ${flagged ? 'every' : 'no'} frame is flagged`, () => {
    for (const [name, open] of Object.entries(OUTPUTS)) {
      it(`has its keyframes in ${name}`, requires('ffprobe'), async () => {
        await using directory = await scratch()
        const path = directory.file(name)
        await pipeline([Readable.from(await onePart(flagged)), ...open(path)])
        assert.deepEqual(await packets(path), { video: THREE_GROUPS, audio: 0 })
      })
    }

    it('begins a new file at a keyframe and nowhere else', async () => {
      await using directory = await scratch()
      for (const [Sink, name] of [
        [MkvFileSink, 'a-{index}.mkv'],
        [Mp4FileSink, 'a-{index}.mp4'],
      ] as const) {
        const frames: number[] = []
        const sink = new Sink({ path: directory.file(name), rotate: { everyMs: 500 } })
        sink.on('file', report => frames.push(report.frames))
        await pipeline(Readable.from(await onePart(flagged)), sink as NodeJS.WritableStream)
        assert.deepEqual(frames, [10, 10, 10], name)
      }
    })

    it('is cut into segments at its keyframes', async () => {
      await using directory = await scratch()
      const writer = new HlsWriter({ directory: directory.path, segmentMs: 500 })
      await pipeline(Readable.from(await onePart(flagged)), writer as NodeJS.WritableStream)
      const text = await readFile(directory.file('index.m3u8'), 'utf8')
      assert.deepEqual(text.match(/^#EXTINF:.*$/gm), ['#EXTINF:1.000,', '#EXTINF:1.000,', '#EXTINF:1.000,'])
      assert.match(text, /^#EXT-X-INDEPENDENT-SEGMENTS$/m)
    })

    it('is sampled at its keyframes', async () => {
      const times: number[] = []
      const samples = joinStages(Readable.from(await onePart(flagged)), new KeyframeSampler())
      for await (const { timestampMs, frame } of samples) {
        times.push(timestampMs)
        assert.equal(frame.keyframe, flagged)
      }
      assert.deepEqual(times, [0, 1000, 2000])
    })

    it('gets its parameter sets before its keyframes, and only there, as a bare stream', async () => {
      const stage = new ElementaryStream()
      const bytes: Uint8Array[] = []
      const late = (await onePart(flagged)).toSpliced(1, 2)
      for await (const chunk of Readable.from(late).pipe(stage as NodeJS.ReadWriteStream)) {
        bytes.push(Buffer.from(chunk))
      }
      const roles = annexBUnits(Buffer.concat(bytes)).map(unit => nalRole('h264', unit))
      assert.equal(stage.skippedFrames, 8)
      assert.deepEqual(
        ['sps', 'key', 'other'].map(role => roles.filter(each => each === role).length),
        [2, 2, 18],
      )
    })
  })
}

describe('pictures that become whole only with those behind them', () => {
  const refreshed = () => {
    const kinds: PictureKind[] = ['p', 'recovery-p', 'p', 'recovery-p', 'p']
    return events({ number: '1', atMs: 0, frames: pictures(kinds, { keyframe: true }) })
  }

  it('begin a file', async () => {
    await using directory = await scratch()
    const sink = new Mp4FileSink({ path: directory.file('a.mp4') })
    await pipeline(Readable.from(await refreshed()), sink as NodeJS.WritableStream)
    assert.equal(sink.skippedFrames, 1)
  })

  it('are no pictures by themselves', async () => {
    const samples = joinStages(Readable.from(await refreshed()), new KeyframeSampler())
    await assert.rejects(async () => {
      for await (const _ of samples) assert.fail('a sample')
    }, /none of the 5 frames of track 1 .* is a keyframe that shows a whole picture by itself/)
  })
})

describe('an output of which frames came and none was written', () => {
  const subtitles = () =>
    events({
      number: '1',
      atMs: 0,
      tracks: [videoTrack(), { type: 'subtitle', name: 'words' }],
      frames: [{ track: 2, data: 'Hello' }],
    })
  const empty = () => events({ number: '1', atMs: 0, frames: [{ keyframe: true, data: '' }] })
  const leaveOut = { onUnsupportedTrack: 'leave-out' } as const
  const ofTracks = /1 frame came and none was written: 1 of tracks that MP4 cannot carry;/
  const withoutByte = /1 frame came and none was written: 1 without a byte;/

  const CASES: readonly (readonly [
    name: string,
    parts: () => Promise<FragmentEvent[]>,
    open: (directory: string) => object[],
    problem: RegExp,
  ])[] = [
    ['Mp4FileSink', subtitles, path => [new Mp4FileSink({ path: `${path}/a.mp4`, ...leaveOut })], ofTracks],
    [
      'Mp4Remuxer',
      subtitles,
      path => [new Mp4Remuxer(leaveOut), new FileSink({ path: `${path}/a.mp4` })],
      ofTracks,
    ],
    ['HlsWriter', subtitles, directory => [new HlsWriter({ directory, ...leaveOut })], ofTracks],
    ['Mp4Remuxer', empty, path => [new Mp4Remuxer(), new FileSink({ path: `${path}/a.mp4` })], withoutByte],
    ['HlsWriter', empty, directory => [new HlsWriter({ directory })], withoutByte],
    [
      'ElementaryStream',
      subtitles,
      path => [new ElementaryStream(), new FileSink({ path: `${path}/a.h264` })],
      /1 frame came, and none is of track 1/,
    ],
    [
      'SnapshotWriter',
      subtitles,
      directory => [new SnapshotWriter({ directory })],
      /1 frame came, and none is of track 1/,
    ],
  ]
  for (const [name, parts, open, message] of CASES) {
    it(`fails, and leaves no file: ${name}, ${message.source.slice(-30)}`, async () => {
      await using directory = await scratch()
      const stages = [Readable.from(await parts()), ...open(directory.path)] as NodeJS.WritableStream[]
      await assert.rejects(pipeline(stages), { code: 'ERR_OUTPUT', output: name, message })
      assert.deepEqual(await readdir(directory.path), [])
    })
  }
})

describe('a file of no bytes', () => {
  it('is written by FileSink unless it is told to skip it', async () => {
    await using directory = await scratch()
    await pipeline(Readable.from([]), new FileSink({ path: directory.file('a') }) as NodeJS.WritableStream)
    const skip = new FileSink({ path: directory.file('b'), emptyFile: 'skip' })
    await pipeline(Readable.from([]), skip as NodeJS.WritableStream)
    assert.deepEqual(await readdir(directory.path), ['a'])
  })
})

describe('pictures of a decoder', requires('ffmpeg'), () => {
  it('are made of keyframes that the container does not flag', async () => {
    await using directory = await scratch()
    const source = directory.file('source.mkv')
    await encode('H.264 with B-frames, and PCM', source)
    const flagless = (await eventsOf(await readFile(source))).map(event =>
      event.type === 'frame' ? { ...event, wallClock: event.wallClock, keyframe: false } : event,
    )
    const writer = new SnapshotWriter({ directory: directory.file('pictures'), everyNth: 1 })
    const times: number[] = []
    writer.on('file', ({ timestampMs }) => times.push(timestampMs))
    await pipeline(Readable.from(flagless), writer as NodeJS.WritableStream)
    assert.deepEqual([times, writer.failedSnapshots], [await keyTimes(source), 0])
  })

  async function keyTimes(path: string): Promise<number[]> {
    const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags']
    const { stdout } = await run('ffprobe', [...args, '-of', 'csv=p=0', path])
    return stdout.split('\n').flatMap(line => {
      const [seconds, flags = ''] = line.split(',')
      return flags.startsWith('K') ? [Math.round(Number(seconds) * 1000)] : []
    })
  }
})

describe(
  'files whose key flags are missing',
  requiresSharedData('faults/kvs-audio-without-key-flag.mkv', 'faults/video-without-key-flag.mkv'),
  () => {
    const EXPECTED = { 'kvs-audio-without-key-flag': 48, 'video-without-key-flag': 0 }
    for (const [source, audio] of Object.entries(EXPECTED)) {
      for (const [name, open] of Object.entries(OUTPUTS)) {
        it(`are whole in ${name}: ${source}`, requires('ffprobe'), async () => {
          await using directory = await scratch()
          const path = directory.file(name)
          const bytes = await readFile(sharedData(`faults/${source}.mkv`)!)
          await pipeline([Readable.from(await eventsOf(bytes)), ...open(path)])
          assert.deepEqual(await packets(path), { video: THREE_GROUPS, audio })
        })
      }
    }
  },
)
