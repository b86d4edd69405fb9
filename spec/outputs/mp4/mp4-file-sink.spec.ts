import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type Mp4FileReport,
  Mp4FileSink,
  type Mp4FileSinkOptions,
} from '../../../lib/outputs/mp4/mp4-file-sink.ts'
import { CLIP } from '../../support/fault-run.ts'
import { fragment, payload } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'
import { eventsOf, packetsOf, scratch, writeAll } from '../media.ts'
import { avcRecord, type PartOptions, part, videoTrack } from '../pictures.ts'

const events = (...parts: readonly PartOptions[]) =>
  eventsOf(payload(...parts.map(each => fragment(part(each)))))

async function write(parts: readonly FragmentEvent[], options: Mp4FileSinkOptions): Promise<Mp4FileReport[]> {
  const sink = new Mp4FileSink(options)
  const reports: Mp4FileReport[] = []
  sink.on('file', (report: Mp4FileReport) => reports.push(report))
  await pipeline(Readable.from(parts), sink as NodeJS.WritableStream)
  return reports
}

const four = [0, 1, 2, 3].map(index => ({ number: `${index}`, atMs: 1000 * index }))

describe('Mp4FileSink', () => {
  it('tells of its file what a caller wants to know', async () => {
    await using directory = await scratch()
    const [report] = await write(await events(...four), { path: directory.file('door-{time}.mp4') })
    const { bytes, ...facts } = report!
    assert.ok(bytes > 400)
    assert.deepEqual(facts, {
      path: directory.file('door-20200913T122640.000Z.mp4'),
      startedAt: new Date(1_600_000_000_000),
      durationMs: 4000,
      frames: 40,
      skippedFrames: 0,
      reason: 'end',
    })
  })

  it('begins a new file when it is long enough, and when the tracks change', async () => {
    await using directory = await scratch()
    const tracks = [videoTrack({ codecPrivate: avcRecord(1) })]
    const parts = await events(...four, { number: '4', atMs: 4000, tracks })
    const reports = await write(parts, { path: directory.file('{index}.mp4'), rotate: { everyMs: 2000 } })
    assert.deepEqual(
      reports.map(({ frames, reason, durationMs }) => [frames, reason, durationMs]),
      [
        [20, 'rotation', 2000],
        [20, 'tracks', 2000],
        [10, 'end', 1000],
      ],
    )
    assert.deepEqual((await readdir(directory.path)).sort(), ['0001.mp4', '0002.mp4', '0003.mp4'])
  })

  it('leaves out what comes before the first keyframe, which nothing could show, and says so', async () => {
    await using directory = await scratch()
    const frames = [0, 1, 2].map(at => ({ at: 40 * at, keyframe: at === 2, data: 'picture' }))
    const [report] = await write(await events({ number: '1', atMs: 0, frames }), {
      path: directory.file('a.mp4'),
    })
    assert.deepEqual([report?.frames, report?.skippedFrames], [1, 2])
  })

  it('fails where frames came and none could be written, and leaves nothing behind', async () => {
    await using directory = await scratch()
    const frames = [0, 1].map(at => ({ at, keyframe: false, data: 'picture' }))
    const writing = write(await events({ number: '1', atMs: 0, frames }), { path: directory.file('a.mp4') })
    await assert.rejects(writing, {
      code: 'ERR_OUTPUT',
      message:
        'Mp4FileSink: 2 frames came and none was written: 2 of video without one keyframe; MkvFileSink takes every frame',
    })
    assert.deepEqual(await readdir(directory.path), [])
  })

  it('writes nothing and does not fail where no frame came', async () => {
    await using directory = await scratch()
    const empty = await eventsOf(fragment({ withoutCluster: true }))
    assert.deepEqual(await write(empty, { path: directory.file('a.mp4') }), [])
    assert.deepEqual(await readdir(directory.path), [])
  })

  it('keeps what it has when it is destroyed', requires('ffmpeg'), async () => {
    await using directory = await scratch()
    const controller = new AbortController()
    const sink = new Mp4FileSink({ path: directory.file('a.mp4'), signal: controller.signal })
    const reports: Mp4FileReport[] = []
    sink.on('file', (report: Mp4FileReport) => reports.push(report))
    const failure = new Promise<Error>(resolve => sink.once('error', resolve))
    await writeAll(sink, (await eventsOf(await readFile(CLIP))).slice(0, 300))
    const closed = new Promise(resolve => sink.once('close', resolve))
    controller.abort()
    await closed
    assert.equal((await failure).name, 'AbortError')
    assert.deepEqual(
      reports.map(({ reason }) => reason),
      ['cut'],
    )
    assert.equal((await packetsOf(directory.file('a.mp4'))).packets.length, reports[0]!.frames)
    assert.deepEqual(await readdir(directory.path), ['a.mp4'])
  })

  it('refuses what is no option', () => {
    assert.throws(() => new Mp4FileSink({ path: '' }), { code: 'ERR_INVALID_OPTION' })
    assert.throws(() => new Mp4FileSink({ path: 'a', rotate: {} }), { code: 'ERR_INVALID_OPTION' })
  })
})
