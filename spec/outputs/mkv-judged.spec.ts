import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { MkvSegmentMerger } from '../../lib/outputs/mkv/mkv-segment-merger.ts'
import { CLIP, EVERY_FAULT } from '../support/fault-run.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { consumeThroughFaults } from './local-service.ts'
import { countOf, decodeMessages, eventsOf, framesOf, type Packet, packetsOf, run, scratch } from './media.ts'

/** Programs that nobody here wrote say what the files are worth. */

const tools = requires('ffmpeg', 'ffprobe', 'mkvmerge', 'mkvinfo')

type Source = {
  readonly path: string
  /** Whether a decoder takes its frames; those of one capture are no pictures. */
  readonly decodes: boolean
  /** Whether its timestamps rise, so that they are the output's too. */
  readonly rises: boolean
}
const sources: readonly Source[] = [
  { path: CLIP, decodes: true, rises: true },
  ...[
    { name: 'output_get_media.mkv', decodes: true, rises: true },
    { name: 'output-get-media-non-increasing-timecode.mkv', decodes: true, rises: false },
    { name: 'test_mixed_tags.mkv', decodes: false, rises: true },
    { name: 'clusters.mkv', decodes: true, rises: true },
  ].map(({ name, ...facts }) => ({ path: sharedData(name) ?? name, ...facts })),
]

const contents = (packets: readonly Packet[], withTimes: boolean) =>
  packets.map(({ track, timeMs, size, md5 }) => [track, withTimes ? timeMs : '', size, md5].join(' '))

async function judge(source: Source, path: string): Promise<void> {
  const original = await packetsOf(source.path)
  // The service has whole fragments only; a capture may end inside one.
  const events = await eventsOf(await readFile(source.path))
  const whole = events.slice(
    0,
    events.findLastIndex(({ type }) => type === 'fragment-end'),
  )
  const sent = original.packets.slice(0, whole.filter(({ type }) => type === 'frame').length)
  const { packets, messages } = await packetsOf(path)
  assert.deepEqual(contents(packets, source.rises), contents(sent, source.rises))
  if (source.decodes) assert.equal(messages + (await decodeMessages(path)), '')
  const identified = await run('mkvmerge', ['-J', path])
  const { errors, warnings, container } = JSON.parse(identified.stdout)
  assert.deepEqual(
    { errors, warnings, supported: container.supported },
    { errors: [], warnings: [], supported: true },
  )
  assert.match((await run('mkvinfo', ['-a', path])).stdout, /Cues/)
  const probe = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path]
  const durationMs = Number((await run('ffprobe', probe)).stdout) * 1000
  const lastMs = Math.max(...packets.map(({ timeMs }) => Number(timeMs)))
  assert.ok(
    durationMs > lastMs && durationMs <= lastMs + 600,
    `${durationMs} ms, the last packet at ${lastMs}`,
  )
}

describe('a file of MkvFileSink', tools, () => {
  for (const source of sources) {
    const name = basename(source.path)
    const needs = source.path === CLIP ? {} : requiresSharedData(name)
    it(`holds every packet of ${name}, through broken sessions, without a complaint`, needs, async () => {
      await using directory = await scratch()
      const path = directory.file('out.mkv')
      await consumeThroughFaults(source.path, [new MkvFileSink({ path })])
      await judge(source, path)
    })
  }

  it('holds every packet of the clip through every fault there is', async () => {
    await using directory = await scratch()
    const path = directory.file('out.mkv')
    await consumeThroughFaults(CLIP, [new MkvFileSink({ path })], EVERY_FAULT)
    await judge(sources[0]!, path)
  })

  it('is found by time: a seek lands on the keyframe', async () => {
    await using directory = await scratch()
    const path = directory.file('out.mkv')
    await pipeline(Readable.from(await eventsOf(await readFile(CLIP))), new MkvFileSink({ path }))
    const probe = ['-v', 'error', '-select_streams', 'v', '-read_intervals', '6.5%+#1']
    const entries = ['-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', path]
    assert.match((await run('ffprobe', [...probe, ...entries])).stdout, /^6\.400000,K/)
  })
})

describe('bytes of MkvSegmentMerger', tools, () => {
  it('play in full without an end of any element', async () => {
    await using directory = await scratch()
    const path = directory.file('out.mkv')
    const events = Readable.from(await eventsOf(await readFile(CLIP)))
    await pipeline(events, new MkvSegmentMerger(), createWriteStream(path))
    assert.equal((await packetsOf(path)).messages + (await decodeMessages(path)), '')
  })

  it('are one file to mkvmerge, whatever was cut off', async () => {
    await using directory = await scratch()
    const events = Readable.from(await eventsOf(await readFile(CLIP)))
    const path = directory.file('out.mkv')
    await pipeline(events, new MkvSegmentMerger(), createWriteStream(path))
    const whole = await readFile(path)
    await writeFile(path, whole.subarray(0, whole.length - 12_345))
    const { stdout } = await run('mkvmerge', ['-i', path])
    assert.match(stdout, /container: Matroska\nTrack ID 0: video .*\nTrack ID 1: audio \(AAC\)\n$/)
    assert.equal(countOf(whole, 'document-start'), 1)
  })
})

describe('what is cut off at any byte plays up to there', tools, () => {
  const targets = {
    'bytes of MkvSegmentMerger': (path: string) => [new MkvSegmentMerger(), createWriteStream(path)] as const,
    'a file of MkvFileSink': (path: string) => [new MkvFileSink({ path })] as const,
  }
  for (const [name, stagesTo] of Object.entries(targets)) {
    it(name, async () => {
      await using directory = await scratch()
      const path = directory.file('out.mkv')
      const events = Readable.from(await eventsOf(await readFile(CLIP)))
      await pipeline([events, ...stagesTo(path)])
      const whole = await readFile(path)
      const found: number[] = []
      const expected: number[] = []
      for (let at = 1000; at < whole.length; at += 40_009) {
        const cut = whole.subarray(0, at)
        await writeFile(directory.file('cut.mkv'), cut)
        const { packets } = await packetsOf(directory.file('cut.mkv'))
        // What is left of the frame that was cut is given by ffmpeg too, or is not.
        const inHand = framesOf(cut).length
        expected.push(inHand)
        found.push(Math.min(packets.length, inHand))
      }
      assert.deepEqual(found, expected)
    })
  }
})
