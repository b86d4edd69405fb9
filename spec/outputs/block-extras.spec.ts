import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { boxesIn } from '../../lib/mp4/box.ts'
import { withTrims } from '../../lib/mp4/edit-list.ts'
import { MkvFileSink } from '../../lib/outputs/mkv/mkv-file-sink.ts'
import { MkvSegmentMerger } from '../../lib/outputs/mkv/mkv-segment-merger.ts'
import { Mp4FileSink } from '../../lib/outputs/mp4/mp4-file-sink.ts'
import { type FrameOptions, fragment, payload } from '../support/mkv-builder.ts'
import { requires } from '../support/requirements.ts'
import { eventsOf, readMkv, run, scratch } from './media.ts'
import { audioTrack, part, videoTrack } from './pictures.ts'

const framesIn = (bytes: Uint8Array) =>
  readMkv(bytes).flatMap(event => (event.type === 'frame' ? [event] : []))
const extrasIn = (bytes: Uint8Array) =>
  framesIn(bytes).map(({ data, keyframe, discardPaddingNs, blockAdditions }) => [
    ...[String(Buffer.from(data)), keyframe, discardPaddingNs],
    blockAdditions?.map(addition => [addition.id, String(Buffer.from(addition.data))]),
  ])

describe('DiscardPadding and BlockAdditions', () => {
  const frames: FrameOptions[] = [
    { at: 0, data: 'a', group: { discardPaddingNs: -6_500_000 } },
    { at: 20, data: 'b', keyframe: true },
    {
      at: 40,
      data: 'c',
      group: { references: [-20], additions: [{ data: 'alpha' }, { id: 4, data: 'itu' }] },
    },
    { at: 60, data: 'd', group: { durationTicks: 13, discardPaddingNs: 9_791_667 } },
  ]
  const expected = [
    ['a', true, -6_500_000, undefined],
    ['b', true, undefined, undefined],
    [
      ...['c', false, undefined],
      [
        [1, 'alpha'],
        [4, 'itu'],
      ],
    ],
    ['d', true, 9_791_667, undefined],
  ]
  const input = payload(fragment({ frames }))

  it('come with their frame, and with no other', () => {
    assert.deepEqual(extrasIn(input), expected)
    assert.equal('discardPaddingNs' in framesIn(input)[1]!, false)
  })

  it('are written again in Matroska', async () => {
    const merged = await buffer(Readable.from(await eventsOf(input)).pipe(new MkvSegmentMerger()))
    assert.deepEqual(extrasIn(merged), expected)
  })

  it('belong to the last frame of a lace at its end, to the first at its start', () => {
    const lace = (discardPaddingNs: number) =>
      ({ data: ['a', 'b', 'c'], lacing: 'xiph', group: { discardPaddingNs } }) as const
    const found = [5000, -5000].map(ns => framesIn(payload(fragment({ frames: [lace(ns)] }))))
    assert.deepEqual(
      found.map(each => each.map(({ discardPaddingNs }) => discardPaddingNs)),
      [
        [undefined, undefined, 5000],
        [-5000, undefined, undefined],
      ],
    )
  })

  it('of sound shorten its edit list in MP4, and its start comes later', async () => {
    await using directory = await scratch()
    const path = directory.file('a.mp4')
    const tone = (at: number, ns?: number): FrameOptions => ({
      ...{ track: 2, at, keyframe: true, data: Buffer.alloc(40, 1) },
      ...(ns === undefined ? {} : { group: { discardPaddingNs: ns } }),
    })
    const tones = [tone(0, -10_000_000), tone(64), tone(128, 32_000_000)]
    const one = part({ number: '1', atMs: 0, tracks: [videoTrack(), audioTrack()], pictures: 2 })
    const events = await eventsOf(payload(fragment({ ...one, frames: [...(one.frames ?? []), ...tones] })))
    await pipeline(Readable.from(events), new Mp4FileSink({ path }))
    const bytes = await readFile(path)
    const at = bytes.indexOf('elst')
    const entries = [0, 1].map(index => [
      bytes.readUInt32BE(at + 12 + 12 * index),
      bytes.readInt32BE(at + 16 + 12 * index),
    ])
    // Of 3 × 64 ms, in 57,600 ticks a second: 10 ms of silence, then all but these and 32 ms, from sample 160 on.
    assert.deepEqual(entries, [
      [576, -1],
      [8640, 160],
    ])
  })

  it('leave an index alone that has nothing to trim', () => {
    const moov = Buffer.alloc(8)
    assert.equal(withTrims(moov, [{ startTicks: 0, isTrimmed: false, timescale: 1000 }]), moov)
    assert.deepEqual(boxesIn(Buffer.alloc(0)), [])
  })
})

describe('Opus with an end that is not to be heard', requires('ffmpeg', 'ffprobe'), () => {
  const probe = async (path: string, entries: string) =>
    (await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', path])).stdout
  const decodedBytes = async (path: string) =>
    (await run('ffmpeg', ['-v', 'error', '-i', path, '-c:a', 'pcm_s16le', '-f', 'md5', '-'])).stdout

  it('sounds the same from Matroska, and has its length in MP4', async () => {
    await using directory = await scratch()
    const [path, mkv, mp4] = ['in.mkv', 'out.mkv', 'out.mp4'].map(name => directory.file(name)) as [
      ...[string, string, string],
    ]
    const source = ['-f', 'lavfi', '-i', 'sine=440:r=48000:d=0.5037']
    await run('ffmpeg', ['-v', 'error', ...source, '-c:a', 'libopus', path])
    const events = await eventsOf(await readFile(path))
    await pipeline(Readable.from(events), new MkvFileSink({ path: mkv }))
    await pipeline(Readable.from(events), new Mp4FileSink({ path: mp4 }))
    assert.equal(await decodedBytes(mkv), await decodedBytes(path))
    assert.equal(await probe(mkv, 'packet_side_data'), await probe(path, 'packet_side_data'))
    const [{ duration, start_time: start }] = JSON.parse(
      await probe(mp4, 'stream=duration,start_time'),
    ).streams
    assert.equal(Number(start), 0)
    assert.ok(Math.abs(Number(duration) - 0.5037) < 0.003, `${duration} s`)
  })
})
