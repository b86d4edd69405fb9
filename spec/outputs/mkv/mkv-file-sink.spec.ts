import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import { EbmlReader, ELEMENT_IDS as ID } from '../../../lib/matroska/index.ts'
import {
  type MkvFileReport,
  MkvFileSink,
  type MkvFileSinkOptions,
} from '../../../lib/outputs/mkv/mkv-file-sink.ts'
import { fragment, payload } from '../../support/mkv-builder.ts'
import { countOf, eventsOf, framesOf, readMkv, scratch } from '../media.ts'

/** One second each: a keyframe, and a picture half a second later. */
const second = (index: number, more: object = {}) =>
  fragment({
    number: String(index),
    timestamp: index * 1000,
    producerTimestamp: `${1_700_000_000 + index}.500`,
    frames: [
      { at: 0, keyframe: true, data: `key${index}` },
      { at: 500, data: `pic${index}` },
    ],
    ...more,
  })
const seconds = (count: number) => eventsOf(payload(...Array.from({ length: count }, (_, i) => second(i))))

async function write(
  events: Iterable<FragmentEvent> | AsyncIterable<FragmentEvent>,
  options: MkvFileSinkOptions,
): Promise<MkvFileReport[]> {
  const sink = new MkvFileSink(options)
  const reports: MkvFileReport[] = []
  sink.on('file', (report: MkvFileReport) => reports.push(report))
  // A pipeline that fails does not wait for the file to be finished; `close` does.
  const closed = new Promise(resolve => sink.once('close', resolve))
  await pipeline(Readable.from(events), sink).finally(() => closed)
  return reports
}

/** Where each child of the Segment lies, from the Segment's content; and its Cues and SeekHead as pairs. */
function layoutOf(bytes: Uint8Array) {
  const reader = new EbmlReader({ wants: () => true, maxFrameBytes: 1e6, maxMetadataBytes: 1e6 })
  reader.push(bytes)
  reader.end()
  const children: [number, number][] = []
  const values: [number, number][] = []
  let contentAt = 0
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind === 'open' && event.definition.id === ID.Segment) contentAt = event.byteOffset + 12
    if (event.kind === 'open') children.push([event.definition.id, event.byteOffset - contentAt])
    if (event.kind === 'data' && event.bytes.length <= 6) {
      values.push([event.definition.id, Buffer.from(event.bytes).readUIntBE(0, event.bytes.length)])
    }
  }
  const at = (id: number) => children.filter(([child]) => child === id).map(([, offset]) => offset)
  const valuesOf = (id: number) => values.filter(([child]) => child === id).map(([, value]) => value)
  return { at, valuesOf }
}

describe('MkvFileSink', () => {
  it('writes a file with its duration, and cues and a SeekHead that point to what is there', async () => {
    await using directory = await scratch()
    const path = directory.file('door.mkv')
    const [report] = await write(await seconds(3), { path })
    const bytes = await readFile(path)
    const { at, valuesOf } = layoutOf(bytes)
    const [info] = readMkv(bytes).flatMap(event => (event.type === 'info' ? [event] : []))
    assert.deepEqual(report, {
      ...{ path, startedAt: new Date(1_700_000_000_500), durationMs: 3000, frames: 6 },
      ...{ bytes: bytes.length, reason: 'end' },
    })
    assert.equal(info?.durationMs, 3000)
    assert.deepEqual(valuesOf(ID.CueTime), [0, 1000, 2000])
    assert.deepEqual(valuesOf(ID.CueClusterPosition), at(ID.Cluster))
    assert.deepEqual(valuesOf(ID.SeekID), [ID.Info, ID.Tracks, ID.Cues])
    assert.deepEqual(valuesOf(ID.SeekPosition), [ID.Info, ID.Tracks, ID.Cues].flatMap(at))
    assert.deepEqual(await readdir(directory.path), ['door.mkv'])
  })

  const rotations: [name: string, rotate: NonNullable<MkvFileSinkOptions['rotate']>, files: string[][]][] = [
    [
      'time',
      { everyMs: 1500 },
      [
        ['key0', 'pic0', 'key1', 'pic1'],
        ['key2', 'pic2', 'key3', 'pic3'],
        ['key4', 'pic4'],
      ],
    ],
    [
      'fragment count',
      { fragments: 3 },
      [
        ['key0', 'pic0', 'key1', 'pic1', 'key2', 'pic2'],
        ['key3', 'pic3', 'key4', 'pic4'],
      ],
    ],
    [
      'size',
      { bytes: 12 },
      [
        ['key0', 'pic0', 'key1', 'pic1'],
        ['key2', 'pic2', 'key3', 'pic3'],
        ['key4', 'pic4'],
      ],
    ],
  ]
  for (const [name, rotate, expected] of rotations) {
    it(`rotates by ${name} at a keyframe, each file from zero`, async () => {
      await using directory = await scratch()
      const reports = await write(await seconds(5), { path: directory.file('door.mkv'), rotate })
      const files = await Promise.all(reports.map(({ path }) => readFile(path)))
      const frames = files.map(bytes => framesOf(bytes).map(text => text.slice(text.indexOf(' ') + 1)))
      assert.deepEqual(frames, expected)
      assert.deepEqual(
        files.map(bytes => framesOf(bytes)[0]?.split(' ')[0]),
        expected.map(() => '1@0'),
      )
      assert.deepEqual(
        reports.map(({ reason }) => reason),
        [...expected.slice(1).map(() => 'rotation'), 'end'],
      )
    })
  }

  it("names files by the producer's time, the fragment and a count, and none twice", async () => {
    await using directory = await scratch()
    const names = async (pattern: string) =>
      (await write(await seconds(2), { path: directory.file(pattern), rotate: { fragments: 1 } })).map(
        ({ path }) => basename(path),
      )
    assert.deepEqual(
      [await names('{time}_{fragment}.mkv'), await names('{date}/{index}.mkv'), await names('a.b.mkv')],
      [
        ['20231114T221320.500Z_0.mkv', '20231114T221321.500Z_1.mkv'],
        ['0001.mkv', '0002.mkv'],
        ['a.b.mkv', 'a.b-2.mkv'],
      ],
    )
  })

  it('begins a file, or a segment, where tracks change', async () => {
    await using directory = await scratch()
    const events = await eventsOf(payload(second(0), second(1, { tracks: [{ name: 'other' }] })))
    const apart = await write(events, { path: directory.file('apart.mkv') })
    const together = await write(events, { path: directory.file('one.mkv'), onTrackChange: 'new-segment' })
    const one = await readFile(directory.file('one.mkv'))
    assert.deepEqual(
      apart.map(({ path, reason, frames }) => [basename(path), reason, frames]),
      [
        ['apart.mkv', 'tracks', 2],
        ['apart-2.mkv', 'end', 2],
      ],
    )
    assert.deepEqual([together.length, countOf(one, 'document-start'), countOf(one, 'truncated')], [1, 2, 0])
    assert.deepEqual(framesOf(one), ['1@0 key0', '1@500 pic0', '1@1000 key1', '1@1500 pic1'])
  })

  it('makes no file where there is no frame', async () => {
    await using directory = await scratch()
    await write(await eventsOf(fragment({ withoutCluster: true })), { path: directory.file('door.mkv') })
    assert.deepEqual(await readdir(directory.path), [])
  })

  it('shows no file under its name before it is whole, and keeps what came when the stream fails', async () => {
    await using directory = await scratch()
    const path = directory.file('door.mkv')
    const before: string[][] = []
    const events = async function* () {
      for (const event of await seconds(4)) {
        yield event
        before.push(await readdir(directory.path))
        if (event.type === 'fragment-end' && event.fragmentNumber === '2')
          throw new Error('the network is gone')
      }
    }
    await assert.rejects(write(events(), { path }), { message: 'the network is gone' })
    const bytes = await readFile(path)
    const [info] = readMkv(bytes).flatMap(event => (event.type === 'info' ? [event] : []))
    assert.equal(before.flat().includes('door.mkv'), false)
    assert.deepEqual(await readdir(directory.path), ['door.mkv'])
    assert.equal(framesOf(bytes).length, Math.round(info!.durationMs! / 500))
    assert.equal(countOf(bytes, 'truncated'), 0)
  })

  it('keeps what came when it is destroyed by its signal', async () => {
    await using directory = await scratch()
    const path = directory.file('door.mkv')
    const abort = new AbortController()
    const events = async function* () {
      yield* await seconds(3)
      abort.abort()
      await new Promise(() => {})
    }
    await assert.rejects(write(events(), { path, signal: abort.signal }), { code: 'ERR_ABORTED' })
    assert.equal((await readdir(directory.path))[0], 'door.mkv')
    assert.equal(countOf(await readFile(path), 'truncated'), 0)
  })

  it('puts no file in the place of what is none, and tells why', async () => {
    await using directory = await scratch()
    await mkdir(directory.file('door.mkv'))
    const path = directory.file('door.mkv')
    await assert.rejects(write(await seconds(1), { path }), { code: 'ERR_INVALID_OPTION' })
    await writeFile(directory.file('plain'), '')
    await assert.rejects(write(await seconds(1), { path: directory.file('plain/door.mkv') }), {
      syscall: 'mkdir',
    })
  })

  it('refuses options that are none', () => {
    const code = 'ERR_INVALID_OPTION'
    assert.throws(() => new MkvFileSink({ path: '' }), { code })
    assert.throws(() => new MkvFileSink({ path: '{when}.mkv' }), { code, message: /\{time\}/ })
    assert.throws(() => new MkvFileSink({ path: 'a', rotate: {} }), { code })
    assert.throws(() => new MkvFileSink({ path: 'a', rotate: { everyMs: 0 } }), { code })
  })
})
