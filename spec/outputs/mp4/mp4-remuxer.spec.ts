import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type Mp4HeaderEvent,
  Mp4Remuxer,
  type Mp4RemuxerOptions,
} from '../../../lib/outputs/mp4/mp4-remuxer.ts'
import { CLIP } from '../../support/fault-run.ts'
import { fragment, payload, type TrackOptions } from '../../support/mkv-builder.ts'
import { requires } from '../../support/requirements.ts'
import { eventsOf, packetsOf, run, scratch, writeAll } from '../media.ts'
import { audioTrack, avcRecord, type PartOptions, part, videoTrack } from '../pictures.ts'

type Remuxed = { readonly bytes: Buffer; readonly headers: readonly Mp4HeaderEvent[] }

async function remux(events: readonly FragmentEvent[], options: Mp4RemuxerOptions = {}): Promise<Remuxed> {
  const remuxer = new Mp4Remuxer(options)
  const headers: Mp4HeaderEvent[] = []
  remuxer.on('header', (header: Mp4HeaderEvent) => headers.push(header))
  const bytes = await buffer(Readable.from(events).pipe(remuxer))
  return { bytes, headers }
}

const events = (...parts: readonly PartOptions[]) =>
  eventsOf(payload(...parts.map(each => fragment(part(each)))))

/** The types of the boxes that lie one after the other. */
function boxTypes(bytes: Buffer): string[] {
  const types: string[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    types.push(bytes.toString('latin1', at + 4, at + 8))
  return types
}

describe('Mp4Remuxer', () => {
  it('gives a header, and a movie fragment for each fragment, as soon as that has ended', async () => {
    const [first, second] = [
      await events({ number: '1', atMs: 0, pictures: 3 }),
      await events({ number: '2', atMs: 300, pictures: 3 }),
    ]
    const remuxer = new Mp4Remuxer()
    const heads: string[] = []
    remuxer.on('data', (bytes: Buffer) => heads.push(...boxTypes(bytes)))
    const given = () => heads.filter(type => /^(ftyp|moof)$/.test(type))
    await writeAll(remuxer, first)
    assert.deepEqual(given(), ['ftyp', 'moof'])
    await writeAll(remuxer, second)
    assert.deepEqual(given(), ['ftyp', 'moof', 'moof'])
  })

  it('says before the header what a SourceBuffer must be told, and when the first frame was', async () => {
    const tracks = [videoTrack(), audioTrack()]
    const { headers } = await remux(await events({ number: '1', atMs: 2000, tracks }))
    assert.deepEqual(headers, [
      { mimeType: 'video/mp4; codecs="avc1.42C016,mp4a.40.2"', startedAt: new Date(1_600_000_002_000) },
    ])
  })

  it('cuts a long fragment after chunkMs', async () => {
    const { bytes } = await remux(await events({ number: '1', atMs: 0, pictures: 30 }), { chunkMs: 500 })
    assert.equal(boxTypes(bytes).filter(type => type === 'moof').length, 6)
  })

  it('cuts also where pictures are sent in another order than they are shown in', async () => {
    // I P B B P B B …, each P three pictures ahead.
    const shown = [0, ...Array.from({ length: 20 }, (_, i) => [3 * i + 3, 3 * i + 1, 3 * i + 2]).flat()]
    const frames = shown.map((place, index) => ({ at: 40 * place, keyframe: index === 0, data: 'picture' }))
    const { bytes } = await remux(await events({ number: '1', atMs: 0, frames }), { chunkMs: 400 })
    assert.equal(boxTypes(bytes).filter(type => type === 'moof').length, 7)
  })

  it('holds no more of a long group of pictures than 8 MiB and a frame', async () => {
    const remuxer = new Mp4Remuxer({ chunkMs: 3_600_000 })
    const chunks: number[] = []
    remuxer.on('data', (bytes: Buffer) => {
      if (bytes.toString('latin1', 4, 8) === 'moof') chunks.push(0)
      else if (chunks.length > 0) chunks[chunks.length - 1]! += bytes.length
    })
    const frames = Array.from({ length: 30 }, (_, i) => ({
      ...{ at: 40 * (i === 0 ? 0 : i % 2 === 0 ? i - 1 : i + 1), keyframe: i === 0 },
      data: Buffer.alloc(1024 * 1024, 1),
    }))
    await writeAll(remuxer, await events({ number: '1', atMs: 0, frames }))
    assert.ok(chunks.length >= 4 && Math.max(...chunks) < 9.1 * 1024 * 1024, String(chunks))
  })

  it('moves what is shown, and not what is heard, by what a decoder of sound gives first', async () => {
    const opus = {
      type: 'audio',
      codecId: 'A_OPUS',
      audio: { samplingFrequencyHz: 48_000, channels: 1 },
    } as const
    const head = Buffer.from('4f707573486561640101380180bb0000000000', 'hex')
    const tracks = [videoTrack(), { ...opus, codecPrivate: head }]
    const frames = [
      { at: 0, keyframe: true, data: 'picture' },
      { at: 0, track: 2, keyframe: true, data: 'tone' },
    ]
    const delayed = (await events({ number: '1', atMs: 0, tracks, frames })).map(event =>
      event.type === 'fragment-start'
        ? {
            ...event,
            tracks: event.tracks.map(track => ({
              ...track,
              codecDelayMs: track.number === 2 ? 6.5 : undefined,
            })),
          }
        : event,
    )
    const { bytes } = await remux(delayed)
    const decodeTimes = [...bytes.toString('latin1').matchAll(/tfdt/g)].map(({ index }) =>
      Number(bytes.readBigUInt64BE(index + 8)),
    )
    assert.deepEqual(decodeTimes, [7, 0])
  })

  it('says of a NAL unit that no length can say which track it is of', async () => {
    const record = avcRecord()
    record[4] = 0xfc
    const frames = [
      { keyframe: true, data: Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.alloc(300, 0x65)]) },
    ]
    const parts = await events({
      number: '1',
      atMs: 0,
      tracks: [videoTrack({ codecPrivate: record })],
      frames,
    })
    await assert.rejects(remux(parts), {
      code: 'ERR_OUTPUT',
      message: /300 bytes does not fit behind a length of 1, which the codec data of track 1 promise/,
    })
  })

  it('leaves out a frame without a byte, which ffmpeg would refuse', requires('ffmpeg'), async () => {
    await using directory = await scratch()
    const clip = await eventsOf(await readFile(CLIP))
    const pictures = clip.filter(event => event.type === 'frame' && event.track === 1)
    const emptied = clip.map(event => {
      if (event.type !== 'frame' || event !== pictures[2]) return event
      const { type, fragmentNumber, track, timestampMs, wallClock, keyframe, durationMs, laceIndex } = event
      const rest = { type, fragmentNumber, track, timestampMs, wallClock, keyframe, durationMs, laceIndex }
      return { ...rest, invisible: false, discardable: false, data: new Uint8Array(0) }
    })
    await writeFile(directory.file('a.mp4'), (await remux(emptied)).bytes)
    const { packets } = await packetsOf(directory.file('a.mp4'))
    const times = packets.filter(({ track }) => track === '0').map(({ timeMs }) => timeMs)
    assert.deepEqual([times.length, ...times.slice(0, 4)], [319, '0', '40', '120', '160'])
  })

  it('gives another header where the codec data change', async () => {
    const changed = [videoTrack({ codecPrivate: avcRecord(1) })]
    const parts = await events({ number: '1', atMs: 0 }, { number: '2', atMs: 1000, tracks: changed })
    const { bytes, headers } = await remux(parts)
    assert.deepEqual(boxTypes(bytes), ['ftyp', 'moov', 'moof', 'mdat', 'ftyp', 'moov', 'moof', 'mdat'])
    assert.deepEqual(headers.length, 2)
    await assert.rejects(remux(parts, { onTrackChange: 'error' }), {
      code: 'ERR_OUTPUT',
      message: 'Mp4Remuxer: the tracks or their codec data change with fragment 2',
    })
  })

  it('gives not a byte where there is no frame', async () => {
    const parts = await events({ number: '1', atMs: 0, frames: [] })
    assert.equal((await remux(parts)).bytes.length, 0)
  })

  const unfit: [name: string, track: TrackOptions, problem: RegExp][] = [
    [
      'text',
      { type: 'subtitle', name: 'words' },
      /track 2 \(words\): subtitle \(S_TEXT\/UTF8\) is not written/,
    ],
    [
      'a codec that MP4 lacks',
      { codecId: 'V_MJPEG', video: { width: 8, height: 8 } },
      /V_MJPEG is not written/,
    ],
    ['a picture of unknown size', { codecPrivate: avcRecord() }, /does not say how large its picture is/],
    ['PCM under the name of AAC', { type: 'audio' }, /A_AAC has no CodecPrivate .*WavWriter takes calls/],
  ]
  for (const [name, track, problem] of unfit) {
    it(`refuses ${name}, or leaves it out`, async () => {
      const parts = await events({ number: '1', atMs: 0, tracks: [videoTrack(), track] })
      await assert.rejects(remux(parts), { code: 'ERR_OUTPUT', message: problem })
      const { headers } = await remux(parts, { onUnsupportedTrack: 'leave-out' })
      assert.deepEqual(
        headers.map(({ mimeType }) => mimeType),
        ['video/mp4; codecs="avc1.42C016"'],
      )
    })
  }

  it('does not leave out the only track', async () => {
    const parts = await events({ number: '1', atMs: 0, tracks: [{ type: 'subtitle' }] })
    await assert.rejects(remux(parts, { onUnsupportedTrack: 'leave-out' }), /MkvFileSink takes every track/)
  })

  it('goes on where a track that it declares stays silent', async () => {
    const tracks = [videoTrack(), audioTrack()]
    const { bytes } = await remux(
      await events({ number: '1', atMs: 0, tracks }, { number: '2', atMs: 1000, tracks }),
    )
    assert.equal(boxTypes(bytes).filter(type => type === 'moof').length, 2)
  })

  it('ends with AbortError when its signal fires', async () => {
    const controller = new AbortController()
    const remuxer = new Mp4Remuxer({ signal: controller.signal })
    const done = pipeline(Readable.from(await events({ number: '1', atMs: 0 })), remuxer, async () => {
      controller.abort()
      await new Promise(() => {})
    })
    await assert.rejects(done, { name: 'AbortError' })
  })
})

describe('what is cut off of Mp4Remuxer', requires('ffmpeg'), () => {
  it('plays up to the last movie fragment that is whole', async () => {
    await using directory = await scratch()
    const { bytes } = await remux(await eventsOf(await readFile(CLIP)))
    const path = directory.file('cut.mp4')
    const header = bytes.indexOf('moof')
    const found: number[] = []
    for (let at = header + 5000; at < bytes.length; at += 50_021) {
      await writeFile(path, bytes.subarray(0, at))
      const { stdout } = await run('ffmpeg', [
        '-v',
        'quiet',
        '-i',
        path,
        '-map',
        '0:v',
        '-f',
        'framemd5',
        '-',
      ])
      found.push(stdout.split('\n').filter(line => /^0,/.test(line)).length)
    }
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
    )
    assert.ok(found.at(-1)! >= 256 && new Set(found).size >= 4, String(found))
    assert.equal((await packetsOf(CLIP)).packets.length, 521)
  })
})
