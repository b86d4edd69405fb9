import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/index.ts'
import { HlsWriter } from '../../lib/outputs/hls/hls-writer.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { Mp4FileSink } from '../../lib/outputs/mp4/mp4-file-sink.ts'
import { Mp4Remuxer } from '../../lib/outputs/mp4/mp4-remuxer.ts'
import { CLIP } from '../support/fault-run.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { annexBEvents, ENCODED, type EncodedName, encodedEvents } from './encoded-media.ts'
import { consumeThroughFaults } from './local-service.ts'
import { eventsOf, type Packet, packetsOf, run, scratch } from './media.ts'

/** Programs that nobody here wrote say what the files are worth. What they hold is what the Matroska file of the same holds. */

const tools = requires('ffmpeg', 'ffprobe')

type Target = { readonly stages: (path: string) => object[]; readonly plays: (path: string) => string }
const targets: Readonly<Record<string, Target>> = {
  'a file of Mp4FileSink': {
    stages: path => [new Mp4FileSink({ path: `${path}.mp4` })],
    plays: path => `${path}.mp4`,
  },
  'bytes of Mp4Remuxer': {
    stages: path => [new Mp4Remuxer({ gaps: 'keep' }), createWriteStream(`${path}.mp4`)],
    plays: path => `${path}.mp4`,
  },
  'a directory of HlsWriter': {
    stages: path => [new HlsWriter({ directory: path, segmentMs: 1000, gaps: 'keep' })],
    plays: path => join(path, 'index.m3u8'),
  },
}

const captures = ['output_get_media.mkv', 'output-get-media-non-increasing-timecode.mkv', 'clusters.mkv']

/** What a packet holds, by track and time. HLS lists the tracks in another order, and so do its packets come. */
const contents = (packets: readonly Packet[]) => packets.map(({ size, md5 }) => `${md5} ${size}`).sort()
/** From the earliest packet on: what a decoder of Opus gives first is before zero in a file of MP4, and ffmpeg moves Matroska to zero. */
const times = (packets: readonly Packet[]) => {
  const earliestMs = Math.min(...packets.map(({ timeMs }) => Number(timeMs)))
  return new Map(packets.map(({ md5, size, timeMs }) => [`${md5} ${size}`, Number(timeMs) - earliestMs]))
}

/** `path` plays, and holds the packets of `reference` at their times. */
async function judge(path: string, reference: string): Promise<void> {
  const expected = await packetsOf(reference)
  const { packets, messages } = await packetsOf(path)
  assert.deepEqual(contents(packets), contents(expected.packets))
  const expectedTimes = times(expected.packets)
  const far = [...times(packets)].filter(([packet, ms]) => Math.abs(ms - expectedTimes.get(packet)!) > 1)
  assert.deepEqual(far, [])
  assert.equal(messages, '')
  assert.equal(await keyframesOf(path), await keyframesOf(reference))
  // Without it, ffmpeg moves frames to a rate that it guesses, and complains where two meet.
  const passthrough = ['-fps_mode', 'passthrough', '-f', 'null', '-']
  assert.equal((await run('ffmpeg', ['-v', 'error', '-i', path, ...passthrough])).stderr, '')
  assert.equal(await picturesOf(path), await picturesOf(reference))
}

/** From the first keyframe on, in milliseconds; a track that begins ahead of zero moves the others in a file of MP4. */
async function keyframesOf(path: string): Promise<string> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags']
  const { stdout } = await run('ffprobe', [...args, '-of', 'csv=p=0', path])
  const timesMs = stdout
    .split('\n')
    .filter(line => line.includes(',K'))
    .map(line => Number(line.split(',')[0]) * 1000)
  return timesMs.map(ms => Math.round(ms - timesMs[0]!)).join(' ')
}

/** Hashes of the decoded pictures, without their times. */
async function picturesOf(path: string): Promise<string> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'])
  return stdout.replaceAll(/^#.*\n|^.*,/gm, '')
}

async function write(events: readonly FragmentEvent[], stages: readonly object[]): Promise<void> {
  await pipeline([Readable.from(events), ...(stages as NodeJS.WritableStream[])])
}

for (const [target, { stages, plays }] of Object.entries(targets)) {
  describe(target, tools, () => {
    for (const source of [CLIP, ...captures.map(name => sharedData(name) ?? name)]) {
      const name = basename(source)
      const needs = source === CLIP ? {} : requiresSharedData(name)
      it(`holds every packet of ${name}, through broken sessions, without a complaint`, needs, async () => {
        await using directory = await scratch()
        const path = directory.file('out')
        await consumeThroughFaults(source, stages(path))
        await consumeThroughFaults(source, [new MkvFileSink({ path: `${path}.mkv` })], [])
        await judge(plays(path), `${path}.mkv`)
      })
    }

    for (const name of Object.keys(ENCODED) as EncodedName[]) {
      it(`holds every packet of ${name}`, async () => {
        await using directory = await scratch()
        const path = directory.file('out')
        const events = await encodedEvents(name)
        await write(events, stages(path))
        await write(events, [new MkvFileSink({ path: `${path}.mkv` })])
        await judge(plays(path), `${path}.mkv`)
      })
    }

    it('shows the same pictures where the frames come in Annex B and the track has no codec data', async () => {
      await using directory = await scratch()
      const path = directory.file('out')
      const events = await eventsOf(await readFile(CLIP))
      await write(await annexBEvents(events, 1), stages(path))
      assert.equal(await picturesOf(plays(path)), await picturesOf(CLIP))
    })
  })
}

describe('pictures that are first sent out of their order after the header', tools, () => {
  const late = async () => {
    const events = await encodedEvents('H.264 with B-frames, and PCM')
    const [keyframe] = events.filter(event => event.type === 'frame' && event.track === 1 && event.keyframe)
    const start = events.find(event => event.type === 'fragment-start')!
    const end = events.find(event => event.type === 'fragment-end')!
    // A fragment of one picture: no header that follows from it can know of B-frames.
    return [start, keyframe!, end, ...events]
  }
  for (const [name, stages] of [
    ['Mp4Remuxer', (path: string) => [new Mp4Remuxer({ gaps: 'keep' }), createWriteStream(path)]],
    ['Mp4FileSink', (path: string) => [new Mp4FileSink({ path })]],
  ] as const) {
    it(`stay in step with their sound in ${name}`, async () => {
      await using directory = await scratch()
      const events = await late()
      await write(events, stages(directory.file('out.mp4')))
      await write(events, [new MkvFileSink({ path: directory.file('out.mkv') })])
      const shown = async (path: string) => {
        const args = [
          '-v',
          'error',
          '-select_streams',
          'v',
          '-show_entries',
          'packet=pts_time,dts_time',
          '-of',
          'csv=p=0',
        ]
        const { stdout } = await run('ffprobe', [...args, path])
        return stdout
          .trim()
          .split('\n')
          .map(line => line.split(',').map(seconds => Math.round(Number(seconds) * 1000)))
      }
      const packets = await shown(directory.file('out.mp4'))
      const reference = await shown(directory.file('out.mkv'))
      assert.deepEqual(
        packets.map(([pts]) => pts),
        reference.map(([pts]) => pts),
      )
      assert.deepEqual(
        packets.filter(([pts, dts]) => dts! > pts!),
        [],
      )
    })
  }
})

describe('the segments of HlsWriter', tools, () => {
  it('each play alone behind their header, from a keyframe', async () => {
    await using directory = await scratch()
    await write(await eventsOf(await readFile(CLIP)), [
      new HlsWriter({ directory: directory.path, segmentMs: 1000 }),
    ])
    const segments = (await readdir(directory.path)).filter(name => name.endsWith('.m4s'))
    assert.deepEqual(segments.length, 10)
    for (const segment of segments) {
      const parts = [directory.file('init-1.mp4'), directory.file(segment)].join('|')
      const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', `concat:${parts}`, '-f', 'null', '-'])
      assert.equal(stderr, '')
    }
  })
})
