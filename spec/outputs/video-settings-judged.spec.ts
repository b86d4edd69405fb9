import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import type { FragmentEvent } from '../../lib/index.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { float, master, uint } from '../../lib/matroska/writer/writer.ts'
import { HlsWriter } from '../../lib/outputs/hls/hls-writer.ts'
import { MkvSegmentMerger } from '../../lib/outputs/mkv/mkv-segment-merger.ts'
import { type Mp4FileReport, Mp4FileSink } from '../../lib/outputs/mp4/mp4-file-sink.ts'
import { Mp4Remuxer } from '../../lib/outputs/mp4/mp4-remuxer.ts'
import { requires, requiresSharedData, sharedData } from '../support/requirements.ts'
import { eventsOf, run, scratch } from './media.ts'

/** How a picture is turned, shaped and coloured is in MP4 what ffprobe reads in the Matroska file of the same. */

const WIDTH = 96
const HEIGHT = 64
const tools = requires('ffmpeg', 'ffprobe')

/** Elements of Video and of Colour that a track gets. */
type Settings = { readonly video?: readonly Uint8Array[]; readonly colour?: readonly Uint8Array[] }

const projection = (roll: number, yaw = 0): Settings => ({
  video: [master(ID.Projection, float(ID.ProjectionPoseYaw, yaw), float(ID.ProjectionPoseRoll, roll))],
})
const display = (width: number, height: number, unit?: number): Settings => ({
  video: [
    ...[uint(ID.DisplayWidth, width), uint(ID.DisplayHeight, height)],
    ...(unit === undefined ? [] : [uint(ID.DisplayUnit, unit)]),
  ],
})
const mastering = master(
  ID.MasteringMetadata,
  ...[float(ID.PrimaryRChromaticityX, 0.68), float(ID.PrimaryRChromaticityY, 0.32)],
  ...[float(ID.PrimaryGChromaticityX, 0.265), float(ID.PrimaryGChromaticityY, 0.69)],
  ...[float(ID.PrimaryBChromaticityX, 0.15), float(ID.PrimaryBChromaticityY, 0.06)],
  ...[float(ID.WhitePointChromaticityX, 0.3127), float(ID.WhitePointChromaticityY, 0.329)],
  ...[float(ID.LuminanceMax, 1000), float(ID.LuminanceMin, 0.01)],
)

const CASES: Readonly<Record<string, Settings>> = {
  ...Object.fromEntries([90, 180, 270, -90, 450, -270, 45].map(roll => [`roll ${roll}`, projection(roll)])),
  'a mirrored picture': projection(0, 180),
  'a mirrored picture that is rolled': projection(90, -180),
  'wide pixels': display(128, 64),
  'an aspect ratio of 16 to 9': display(16, 9, 3),
  'a size in centimetres': display(30, 10, 1),
  'a size in an unknown unit': display(30, 10, 4),
  'a roll of wide pixels': { video: [...projection(90).video!, ...display(128, 64).video!] },
  'BT.2020, PQ and mastering metadata': {
    colour: [
      ...[uint(ID.MatrixCoefficients, 9), uint(ID.Primaries, 9), uint(ID.TransferCharacteristics, 16)],
      ...[uint(ID.Range, 1), uint(ID.MaxCLL, 1000), uint(ID.MaxFALL, 400), mastering],
    ],
  },
  'full range alone': { colour: [uint(ID.Range, 2)] },
}

/** A fragment whose video track has these settings, as Matroska. */
async function matroska(events: readonly FragmentEvent[], settings: Settings): Promise<Buffer> {
  const colour = settings.colour === undefined ? [] : [master(ID.Colour, ...settings.colour)]
  const otherElements = Uint8Array.from(Buffer.concat([...(settings.video ?? []), ...colour]))
  const changed = events.map(event => {
    if (event.type !== 'fragment-start') return event
    const size = { pixelWidth: WIDTH, pixelHeight: HEIGHT, displayWidth: undefined, displayHeight: undefined }
    const video = { ...size, colour: undefined, otherElements }
    return { ...event, tracks: event.tracks.map(track => ({ ...track, video })) }
  })
  return await buffer(Readable.from(changed).pipe(new MkvSegmentMerger()))
}

/** What ffprobe reads of the pictures; fractions and floats as numbers that can be compared. */
async function pictureFacts(path: string): Promise<unknown> {
  const entries =
    'width,height,sample_aspect_ratio,display_aspect_ratio,color_range,color_space,color_transfer'
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries']
  const shown = `stream=${entries},color_primaries:stream_side_data`
  const { stdout } = await run('ffprobe', [...args, shown, '-of', 'json', path])
  const [stream] = JSON.parse(stdout).streams
  const sideData = (stream.side_data_list ?? []).map((data: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(data)
        .filter(([name]) => name !== 'displaymatrix')
        .map(([name, value]) => [name, numberOf(value)]),
    ),
  )
  const byType = (a: { side_data_type: string }, b: { side_data_type: string }) =>
    a.side_data_type.localeCompare(b.side_data_type)
  return { ...stream, side_data_list: sideData.toSorted(byType) }
}

function numberOf(value: unknown): unknown {
  const [, over, under] = /^(\d+)\/(\d+)$/.exec(String(value)) ?? []
  return over === undefined ? value : Number((Number(over) / Number(under)).toFixed(4))
}

describe('the settings of a video track in MP4', tools, () => {
  let directory: Awaited<ReturnType<typeof scratch>>
  let clip: FragmentEvent[]

  before(async () => {
    directory = await scratch()
    const path = directory.file('clip.mkv')
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=${WIDTH}x${HEIGHT}:r=10:d=0.5`]
    await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', path])
    clip = await eventsOf(await readFile(path))
  })
  after(() => directory[Symbol.asyncDispose]())

  async function judge(mkvPath: string, events: readonly FragmentEvent[]): Promise<void> {
    const [file, stream] = [directory.file('file.mp4'), directory.file('stream.mp4')]
    const reports: Mp4FileReport[] = []
    const sink = new Mp4FileSink({ path: file }).on('file', report => reports.push(report))
    await pipeline(Readable.from(events), sink)
    await pipeline(Readable.from(events), new Mp4Remuxer(), createWriteStream(stream))
    const expected = await pictureFacts(mkvPath)
    assert.deepEqual(await pictureFacts(reports[0]!.path), expected)
    assert.deepEqual(await pictureFacts(stream), expected)
    const { stderr } = await run('ffmpeg', [
      '-v',
      'error',
      '-xerror',
      '-i',
      reports[0]!.path,
      '-f',
      'null',
      '-',
    ])
    assert.equal(stderr, '')
  }

  for (const [name, settings] of Object.entries(CASES)) {
    it(`are what ffprobe reads in Matroska: ${name}`, async () => {
      const path = directory.file('in.mkv')
      const bytes = await matroska(clip, settings)
      await writeFile(path, bytes)
      await judge(path, await eventsOf(bytes))
    })
  }

  for (const name of ['rotated.mkv', 'colour-in-container-only.mkv']) {
    const needs = requiresSharedData(`faults/${name}`)
    it(`are what ffprobe reads in ${name}`, needs, async () => {
      const path = sharedData(`faults/${name}`)!
      await judge(path, await eventsOf(await readFile(path)))
    })
  }

  it('begin a new file, and a new header in HLS, where they change', async () => {
    const parts = [projection(90), projection(180)].map(settings => matroska(clip, settings))
    const events = await eventsOf(Buffer.concat(await Promise.all(parts)))
    const reports: Mp4FileReport[] = []
    const sink = new Mp4FileSink({ path: directory.file('turn-{index}.mp4') })
    await pipeline(
      Readable.from(events),
      sink.on('file', report => reports.push(report)),
    )
    assert.deepEqual(
      reports.map(({ reason, frames }) => [reason, frames]),
      [
        ['tracks', 5],
        ['end', 5],
      ],
    )
    const hls = directory.file('hls')
    await pipeline(Readable.from(events), new HlsWriter({ directory: hls }))
    assert.equal((await readdir(hls)).filter(name => name.startsWith('init-')).length, 2)
  })
})

describe('cropping in MP4', () => {
  it('is a clean aperture, and the display size is that of what is left', async () => {
    const { withVideoSettings } = await import('../../lib/mp4/movie-patch.ts')
    const { boxesIn, box, u32 } = await import('../../lib/mp4/box.ts')
    const entry = box('avc1', Buffer.alloc(78), box('pasp', u32(2, 1)))
    const stsd = box('stsd', u32(0, 1), entry)
    const mdia = box('mdia', box('minf', box('stbl', stsd)))
    const moov = box('moov', box('trak', box('tkhd', Buffer.alloc(84)), mdia))
    const video = {
      ...{ pixelWidth: 96, pixelHeight: 64, displayWidth: 160, displayHeight: 52, colour: undefined },
      crop: { left: 10, right: 6, top: 4, bottom: 8 },
    }
    const patched = Buffer.from(withVideoSettings(moov, [video]))
    const at = (type: string) => patched.indexOf(type) + 4
    const fields = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => patched.readInt32BE(from + 4 * index))
    assert.deepEqual(fields(at('clap'), 8), [80, 1, 52, 1, 4, 2, -4, 2])
    assert.deepEqual(fields(at('pasp'), 2), [2, 1])
    assert.deepEqual(
      fields(at('tkhd') + 76, 2).map(value => value / 65_536),
      [160, 52],
    )
    assert.equal(patched.toString('latin1').split('pasp').length, 2)
    assert.equal(boxesIn(patched)[0]?.bytes.length, patched.length)
  })
})
