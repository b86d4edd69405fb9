import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/index.ts'
import { type HlsPlaylistReport, HlsWriter, type HlsWriterOptions } from '../../lib/outputs/hls-writer.ts'
import { fragment, payload } from '../support/mkv-builder.ts'
import { eventsOf, scratch, writeAll } from './media.ts'
import { avcRecord, type PartOptions, part, videoTrack } from './pictures.ts'

const events = (...parts: readonly PartOptions[]) =>
  eventsOf(payload(...parts.map(each => fragment(part(each)))))
const seconds = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ number: `${index}`, atMs: 1000 * index }))

type Written = {
  readonly reports: readonly HlsPlaylistReport[]
  readonly playlists: readonly string[]
  readonly names: readonly string[]
}

/** Every playlist that was there, and the files that are left. */
async function write(
  parts: readonly FragmentEvent[],
  options: Omit<HlsWriterOptions, 'directory'> = {},
): Promise<Written> {
  await using directory = await scratch()
  const writer = new HlsWriter({ directory: directory.path, ...options })
  const reports: HlsPlaylistReport[] = []
  const playlists: Promise<string>[] = []
  writer.on('playlist', (report: HlsPlaylistReport) => {
    reports.push(report)
    playlists.push(readFile(report.path, 'utf8'))
  })
  await pipeline(Readable.from(parts), writer as NodeJS.WritableStream)
  return { reports, playlists: await Promise.all(playlists), names: (await readdir(directory.path)).sort() }
}

describe('HlsWriter', () => {
  it('writes a playlist with the producer’s times, which grows and then ends', async () => {
    const { playlists, names } = await write(await events(...seconds(5)), { segmentMs: 2000 })
    assert.deepEqual(names, [
      'index.m3u8',
      'init-1.mp4',
      'segment-000001.m4s',
      'segment-000002.m4s',
      'segment-000003.m4s',
    ])
    assert.equal(
      playlists.at(-1),
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:2',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="init-1.mp4"',
        '#EXT-X-PROGRAM-DATE-TIME:2020-09-13T12:26:40.000Z',
        '#EXTINF:2.000,',
        'segment-000001.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2020-09-13T12:26:42.000Z',
        '#EXTINF:2.000,',
        'segment-000002.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2020-09-13T12:26:44.000Z',
        '#EXTINF:1.000,',
        'segment-000003.m4s',
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    )
    assert.match(playlists[0]!, /PLAYLIST-TYPE:EVENT\n(?!.*ENDLIST)/s)
  })

  it('keeps a live playlist short, and removes what players can no longer want', async () => {
    const { playlists, names } = await write(await events(...seconds(12)), {
      segmentMs: 1000,
      windowSegments: 3,
    })
    const last = playlists.at(-1)!
    assert.deepEqual(last.match(/segment-\d+/g), ['segment-000010', 'segment-000011', 'segment-000012'])
    assert.match(last, /#EXT-X-MEDIA-SEQUENCE:9\n/)
    assert.doesNotMatch(last, /PLAYLIST-TYPE/)
    // As many again, and one, are left for those who have just read the playlist.
    assert.deepEqual(names.filter(name => name.endsWith('.m4s')).length, 7)
  })

  it('makes a change of codec data a discontinuity with a header of its own', async () => {
    const tracks = [videoTrack({ codecPrivate: avcRecord(1) })]
    const parts = [...seconds(2), { number: '2', atMs: 2000, tracks }]
    const { playlists } = await write(await events(...parts), { segmentMs: 5000 })
    assert.deepEqual(playlists.at(-1)!.match(/#EXT-X-DISCONTINUITY|URI="[^"]+"|segment-\d+/g), [
      'URI="init-1.mp4"',
      'segment-000001',
      '#EXT-X-DISCONTINUITY',
      'URI="init-2.mp4"',
      'segment-000002',
    ])
  })

  it('counts the discontinuities that have left a live playlist', async () => {
    const variants = [0, 1, 0, 1, 0, 1].map((variant, index) => ({
      ...{ number: `${index}`, atMs: 1000 * index },
      tracks: [videoTrack({ codecPrivate: avcRecord(variant) })],
    }))
    const { playlists } = await write(await events(...variants), { windowSegments: 3 })
    assert.match(playlists.at(-1)!, /#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n/)
  })

  it('closes a gap for the player, and tells of it by the dates', async () => {
    const parts = [
      { number: '0', atMs: 0 },
      { number: '1', atMs: 61_000 },
    ]
    const { playlists } = await write(await events(...parts), { segmentMs: 1000 })
    assert.deepEqual(playlists.at(-1)!.match(/TIME:.*|EXTINF:.*/g), [
      'TIME:2020-09-13T12:26:40.000Z',
      'EXTINF:1.000,',
      'TIME:2020-09-13T12:27:41.000Z',
      'EXTINF:1.000,',
    ])
  })

  it('splits a long fragment at its keyframes', async () => {
    const frames = Array.from({ length: 90 }, (_, i) => ({
      at: i * 100,
      keyframe: i % 15 === 0,
      data: 'pictures',
    }))
    const { playlists } = await write(await events({ number: '1', atMs: 0, frames }), { segmentMs: 2000 })
    assert.deepEqual(playlists.at(-1)!.match(/EXTINF:.*/g), [
      'EXTINF:3.000,',
      'EXTINF:3.000,',
      'EXTINF:3.000,',
    ])
    assert.match(playlists.at(-1)!, /INDEPENDENT-SEGMENTS/)
  })

  it('tells of each playlist, and of the last that it is the last', async () => {
    const { reports } = await write(await events(...seconds(2)), { segmentMs: 1000 })
    assert.deepEqual(
      reports.map(({ segments, ended }) => [segments, ended]),
      [
        [1, false],
        [2, false],
        [2, true],
      ],
    )
  })

  it('ends the playlist also when it is destroyed', async () => {
    await using directory = await scratch()
    const writer = new HlsWriter({ directory: directory.path, segmentMs: 1000 })
    await writeAll(writer, await events(...seconds(3)))
    const closed = new Promise(resolve => writer.once('close', resolve))
    writer.once('error', () => {})
    writer.destroy(new Error('the camera fell'))
    await closed
    assert.match(await readFile(directory.file('index.m3u8'), 'utf8'), /#EXT-X-ENDLIST\n$/)
    assert.deepEqual(
      (await readdir(directory.path)).filter(name => name.endsWith('.part')),
      [],
    )
  })

  it('leaves nothing behind where no frame came', async () => {
    assert.deepEqual((await write(await events({ number: '1', atMs: 0, frames: [] }))).names, [])
  })

  it('refuses what is no option', () => {
    assert.throws(() => new HlsWriter({ directory: '' }), { code: 'ERR_INVALID_OPTION' })
    assert.throws(() => new HlsWriter({ directory: 'd', windowSegments: 1 }), { code: 'ERR_INVALID_OPTION' })
  })
})
