import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type HlsPlaylistReport,
  HlsWriter,
  type HlsWriterOptions,
} from '../../../lib/outputs/hls/hls-writer.ts'
import { fragment, payload } from '../../support/mkv-builder.ts'
import { eventsOf, scratch, writeAll } from '../media.ts'
import { audioTrack, avcRecord, type PartOptions, part, videoTrack } from '../pictures.ts'

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
        '#EXT-X-PLAYLIST-TYPE:EVENT',
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
    // It only ever grows (RFC 8216, section 4.3.3.5).
    assert.deepEqual(
      playlists.slice(0, -1).filter(playlist => !playlists.at(-1)!.startsWith(playlist)),
      [],
    )
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
    // Those that were listed in the last three seconds, or so much longer as they last, are left for their readers.
    assert.deepEqual(names.filter(name => name.endsWith('.m4s')).length, 7)
  })

  it('lists more than it is told while that is less than three target durations', async () => {
    const long = { number: '0', atMs: 0, pictures: 50 }
    const short = [5, 6, 7, 8, 9, 10, 11, 12].map(second => ({ number: `${second}`, atMs: second * 1000 }))
    const { playlists } = await write(await events(long, ...short), { segmentMs: 1000, windowSegments: 3 })
    const told = playlists.map(playlist => {
      const target = Number(/TARGETDURATION:(\d+)/.exec(playlist)![1])
      const durations = Array.from(playlist.matchAll(/EXTINF:([\d.]+)/g), ([, seconds]) => Number(seconds))
      return [target, durations.length, durations.reduce((sum, seconds) => sum + seconds, 0)]
    })
    // With the long one 15 s would have to be listed; without it, 3.
    assert.deepEqual(told.at(-2), [5, 9, 13])
    assert.ok(told.every(([target, , sum]) => sum === 13 || sum! >= 3 * target! || sum! < 13))
  })

  it('removes a header with the last segment that needs it', async () => {
    const variants = Array.from({ length: 20 }, (_, index) => ({
      ...{ number: `${index}`, atMs: 1000 * index },
      tracks: [videoTrack({ codecPrivate: avcRecord(index % 2) })],
    }))
    const { names } = await write(await events(...variants), { segmentMs: 1000, windowSegments: 3 })
    const numbers = (pattern: RegExp) => names.flatMap(name => pattern.exec(name)?.[1] ?? []).map(Number)
    const segments = numbers(/^segment-(\d+)/)
    assert.ok(segments.length < 10, names.join(' '))
    assert.deepEqual(
      numbers(/^init-(\d+)/).toSorted((a, b) => a - b),
      segments,
    )
  })

  it('tells durations that sum up to the time that has passed, though sound reaches over the picture’s end', async () => {
    const parts = Array.from({ length: 30 }, (_, index) => {
      const audio = Array.from({ length: 16 }, (_, i) => ({
        track: 2,
        at: i * 64,
        keyframe: true,
        data: 'tone',
      }))
      const pictures = Array.from({ length: 10 }, (_, i) => ({
        at: i * 100,
        keyframe: i === 0,
        data: 'picture',
      }))
      const frames = [...audio, ...pictures].toSorted((a, b) => a.at - b.at)
      return { number: `${index}`, atMs: index * 1000, frames, tracks: [videoTrack(), audioTrack()] }
    })
    const { playlists } = await write(await events(...parts), { segmentMs: 1000, gaps: 'keep' })
    const durations = Array.from(playlists.at(-1)!.matchAll(/EXTINF:([\d.]+)/g), ([, text]) => Number(text))
    assert.equal(durations.length, 30)
    const sum = durations.reduce((total, seconds) => total + seconds)
    assert.ok(Math.abs(sum - 30) < 0.1, `${sum} s`)
    assert.doesNotMatch(playlists.at(-1)!, /DISCONTINUITY/)
  })

  it('makes a gap that it keeps a discontinuity, since the times do not follow on', async () => {
    const parts = [
      { number: '0', atMs: 0 },
      { number: '1', atMs: 61_000 },
    ]
    const { playlists } = await write(await events(...parts), { segmentMs: 4000, gaps: 'keep' })
    assert.deepEqual(playlists.at(-1)!.match(/EXTINF:.*|DISCONTINUITY/g), [
      'EXTINF:1.000,',
      'DISCONTINUITY',
      'EXTINF:1.000,',
    ])
  })

  it('keeps INDEPENDENT-SEGMENTS where a fragment brings sound alone', async () => {
    const tracks = [videoTrack(), audioTrack()]
    const sound = Array.from({ length: 15 }, (_, i) => ({
      track: 2,
      at: i * 64,
      keyframe: true,
      data: 'tone',
    }))
    const parts = [
      { number: '0', atMs: 0, tracks },
      { number: '1', atMs: 1000, tracks, frames: sound },
    ]
    const { playlists } = await write(await events(...parts), { segmentMs: 500 })
    assert.match(playlists.at(-1)!, /#EXT-X-INDEPENDENT-SEGMENTS\n(.|\n)*segment-000002/)
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
    const { playlists } = await write(await events(...variants), { segmentMs: 1000, windowSegments: 3 })
    // The first of those that are listed still has its own tag (section 6.2.2).
    assert.match(
      playlists.at(-1)!,
      /#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n.*\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP/,
    )
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

  /** Runs of writers into one directory, one after the other, as of a process that starts again. */
  async function writeInto(
    directory: string,
    runs: readonly (readonly PartOptions[])[],
    options: Omit<HlsWriterOptions, 'directory'>,
  ): Promise<{ playlist: string; names: string[] }> {
    for (const parts of runs) {
      const writer = new HlsWriter({ directory, segmentMs: 1000, ...options })
      await pipeline(Readable.from(await events(...parts)), writer as NodeJS.WritableStream)
    }
    const playlist = await readFile(join(directory, 'index.m3u8'), 'utf8')
    return { playlist, names: (await readdir(directory)).sort() }
  }

  it('goes on with a live playlist that is there, behind a discontinuity', async () => {
    await using directory = await scratch()
    const runs = [seconds(2), seconds(2)]
    const { playlist } = await writeInto(directory.path, runs, { windowSegments: 10 })
    assert.deepEqual(playlist.match(/#EXT-X-(MEDIA|DISC|END).*|URI="[^"]+"|^segment-\d+|EXTINF:.*/gm), [
      '#EXT-X-MEDIA-SEQUENCE:0',
      'URI="init-1.mp4"',
      ...['EXTINF:1.000,', 'segment-000001', 'EXTINF:1.000,', 'segment-000002'],
      '#EXT-X-DISCONTINUITY',
      'URI="init-2.mp4"',
      ...['EXTINF:1.000,', 'segment-000003', 'EXTINF:1.000,', 'segment-000004'],
      '#EXT-X-ENDLIST',
    ])
  })

  it('counts on over any number of starts, and removes what earlier ones have left', async () => {
    await using directory = await scratch()
    const runs = Array.from({ length: 10 }, () => seconds(4))
    const { playlist, names } = await writeInto(directory.path, runs, { windowSegments: 3 })
    assert.match(playlist, /#EXT-X-MEDIA-SEQUENCE:37\n#EXT-X-DISCONTINUITY-SEQUENCE:9\n/)
    assert.deepEqual(playlist.match(/segment-\d+/g), ['segment-000038', 'segment-000039', 'segment-000040'])
    const segments = names.filter(name => name.endsWith('.m4s'))
    assert.ok(segments.length <= 12 && segments[0]! > 'segment-000028', names.join(' '))
    assert.ok(names.filter(name => name.startsWith('init')).length <= 3, names.join(' '))
  })

  it('takes the place of what is there where the playlist keeps all, unless it is to go on', async () => {
    await using directory = await scratch()
    const replaced = await writeInto(directory.path, [seconds(3), seconds(1)], {})
    assert.deepEqual(replaced.names, ['index.m3u8', 'init-1.mp4', 'segment-000001.m4s'])
    const { playlist } = await writeInto(directory.path, [seconds(1)], { onExisting: 'continue' })
    assert.deepEqual(playlist.match(/TYPE:EVENT|segment-\d+/g), [
      'TYPE:EVENT',
      'segment-000001',
      'segment-000002',
    ])
  })

  it('refuses to go on with another program’s playlist, and leaves it alone', async () => {
    for (const text of ['#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:4,\nhls0.ts\n', 'no playlist', '']) {
      await using directory = await scratch()
      await writeFile(directory.file('index.m3u8'), text)
      await assert.rejects(writeInto(directory.path, [seconds(1)], { windowSegments: 3 }), {
        code: 'ERR_OUTPUT',
        message: /index\.m3u8 is not one of its playlists/,
      })
      assert.equal(await readFile(directory.file('index.m3u8'), 'utf8'), text)
    }
  })

  it('leaves nothing behind where no frame came', async () => {
    assert.deepEqual((await write(await events({ number: '1', atMs: 0, frames: [] }))).names, [])
  })

  it('refuses what is no option', () => {
    assert.throws(() => new HlsWriter({ directory: '' }), { code: 'ERR_INVALID_OPTION' })
    assert.throws(() => new HlsWriter({ directory: 'd', windowSegments: 1 }), { code: 'ERR_INVALID_OPTION' })
  })
})
