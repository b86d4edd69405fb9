import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/index.ts'
import {
  ElementaryStream,
  type ElementaryStreamOptions,
} from '../../lib/outputs/elementary/elementary-stream.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { CLIP } from '../support/fault-run.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { annexBEvents, encodedEvents } from './encoded-media.ts'
import { eventsThroughFaults } from './local-service.ts'
import { decodeMessages, eventsOf, run, scratch } from './media.ts'

/** A decoder that nobody here wrote makes the same pictures and the same samples of the elementary stream as of its source. */

const tools = requires('ffmpeg', 'ffprobe')

/** The hash of each picture, or of all samples, that ffmpeg decodes. */
async function decoded(path: string, stream: 'v' | 'a'): Promise<string[]> {
  const hash = stream === 'v' ? ['-fps_mode', 'passthrough', '-f', 'framemd5'] : ['-f', 'md5']
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-map', `0:${stream}:0`, ...hash, '-'])
  return stdout
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(/[,=]/).at(-1)!.trim())
}

async function facts(path: string): Promise<string> {
  const entries = ['-show_entries', 'stream=codec_name,width,height,sample_rate,channels', '-of', 'csv=p=0']
  return (await run('ffprobe', ['-v', 'error', ...entries, path])).stdout.trim()
}

/** Writes the elementary stream, and compares it with `source`, in which ffmpeg sees one timeline. */
async function judge(
  events: readonly FragmentEvent[],
  source: readonly FragmentEvent[],
  options: ElementaryStreamOptions,
  extension: string,
): Promise<{ readonly count: number; readonly facts: string }> {
  await using directory = await scratch()
  const original = directory.file('source.mkv')
  await pipeline(Readable.from(source), new MkvFileSink({ path: original }))
  const path = directory.file(`out.${extension}`)
  await pipeline(Readable.from(events), new ElementaryStream(options), createWriteStream(path))
  const stream = extension === 'aac' ? 'a' : 'v'
  const found = await decoded(path, stream)
  assert.deepEqual(found, await decoded(original, stream))
  assert.equal(await decodeMessages(path), '')
  return { count: found.length, facts: await facts(path) }
}

const same = (events: readonly FragmentEvent[], options: ElementaryStreamOptions, extension: string) =>
  judge(events, events, options, extension)

describe('ffmpeg decodes the same from ElementaryStream as from its source', tools, () => {
  it('of the clip', async () => {
    const events = await eventsOf(await readFile(CLIP))
    assert.deepEqual(await same(events, {}, 'h264'), { count: 320, facts: 'h264,320,240' })
    assert.deepEqual(await same(events, { format: 'adts' }, 'aac'), { count: 1, facts: 'aac,16000,1' })
  })

  const captures = ['output_get_media.mkv', 'output-get-media-non-increasing-timecode.mkv', 'clusters.mkv']
  for (const name of captures) {
    it(`of ${name}, through broken sessions`, requiresSharedData(name), async () => {
      const path = sharedData(name) ?? name
      const events = await eventsThroughFaults(path)
      const { count } = await same(events, {}, 'h264')
      assert.equal(count, events.filter(event => event.type === 'frame').length)
      const source = await eventsOf(await readFile(path))
      const wholeUntil = source.findLastIndex(({ type }) => type === 'fragment-end')
      assert.equal(count, source.slice(0, wholeUntil).filter(({ type }) => type === 'frame').length)
    })
  }

  it('of H.265 with B-frames and open GOPs', async () => {
    const events = await encodedEvents('H.265 with B-frames and open GOPs, and Opus')
    assert.deepEqual(await same(events, {}, 'h265'), { count: 120, facts: 'hevc,320,240' })
  })

  it('of H.264 with B-frames and open GOPs', async () => {
    const events = await encodedEvents('H.264 with B-frames, and PCM')
    assert.deepEqual(await same(events, {}, 'h264'), { count: 120, facts: 'h264,320,240' })
  })

  it('of H.264 that comes in Annex B, without a CodecPrivate', async () => {
    const source = await eventsOf(await readFile(CLIP))
    const events = await annexBEvents(source, 1)
    assert.deepEqual(await judge(events, source, {}, 'h264'), { count: 320, facts: 'h264,320,240' })
  })

  it('of AAC in stereo', async () => {
    const events = await encodedEvents('H.264 with one keyframe, and AAC in stereo')
    assert.deepEqual(await same(events, { format: 'adts' }, 'aac'), { count: 1, facts: 'aac,48000,2' })
  })

  it('of PCM, byte for byte', async () => {
    const events = await encodedEvents('H.264 with B-frames, and PCM')
    await using directory = await scratch()
    const path = directory.file('out.pcm')
    await pipeline(Readable.from(events), new ElementaryStream({ format: 'pcm' }), createWriteStream(path))
    const source = directory.file('source.mkv')
    await pipeline(Readable.from(events), new MkvFileSink({ path: source }))
    await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      source,
      '-map',
      '0:a',
      '-f',
      's16le',
      directory.file('expected.pcm'),
    ])
    const expected = await readFile(directory.file('expected.pcm'))
    assert.ok(expected.length === 4 * 48_000 * 2 && expected.equals(await readFile(path)))
  })

  it('and decodes what begins at any keyframe of it', async () => {
    const events = await eventsOf(await readFile(CLIP))
    const keyframes = events.flatMap((event, index) =>
      event.type === 'frame' && event.track === 1 && event.keyframe ? [index] : [],
    )
    await using directory = await scratch()
    const counts: number[] = []
    for (const index of keyframes.slice(1)) {
      const path = directory.file('tail.h264')
      const tail = [events[0]!, ...events.slice(index - 1)]
      await pipeline(Readable.from(tail), new ElementaryStream(), createWriteStream(path))
      assert.equal(await decodeMessages(path), '')
      counts.push((await decoded(path, 'v')).length)
    }
    const after = (index: number) =>
      events.slice(index).filter(event => event.type === 'frame' && event.track === 1).length
    assert.deepEqual(counts, keyframes.slice(1).map(after))
    assert.ok(counts.length > 0)
  })
})
