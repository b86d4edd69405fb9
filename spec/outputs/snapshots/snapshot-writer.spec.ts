import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type SnapshotFailure,
  type SnapshotReport,
  SnapshotWriter,
  type SnapshotWriterOptions,
} from '../../../lib/outputs/snapshots/snapshot-writer.ts'
import { CLIP } from '../../support/fault-run.ts'
import { fragment, payload } from '../../support/mkv-builder.ts'
import { requires, requiresSharedData, sharedData } from '../../support/requirements.ts'
import { encodedEvents } from '../encoded-media.ts'
import { decodeMessages, eventsOf, run, scratch } from '../media.ts'
import { audioTrack, part, videoTrack } from '../pictures.ts'

const tools = requires('ffmpeg', 'ffprobe')

type Outcome = {
  readonly files: SnapshotReport[]
  readonly failures: SnapshotFailure[]
  readonly writer: SnapshotWriter
  readonly error: (Error & { readonly code?: string }) | undefined
}

async function write(events: Iterable<FragmentEvent>, options: SnapshotWriterOptions): Promise<Outcome> {
  const writer = new SnapshotWriter(options)
  const files: SnapshotReport[] = []
  const failures: SnapshotFailure[] = []
  writer.on('file', (report: SnapshotReport) => files.push(report))
  writer.on('snapshot-failed', (failure: SnapshotFailure) => failures.push(failure))
  const closed = new Promise(resolve => writer.once('close', resolve))
  const error = await pipeline(Readable.from(events), writer).then(
    () => undefined,
    (reason: Error) => reason,
  )
  await closed
  return { files, failures, writer, error }
}

/** What ffprobe reads in a picture; it shows EXIF as tags of the frame. */
async function probe(path: string): Promise<Record<string, unknown> & { tags?: Record<string, string> }> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_frames', '-of', 'json', path])
  const { frames } = JSON.parse(stdout)
  assert.equal(frames.length, 1)
  return frames[0]
}

/** How close two pictures are, in dB, by their colours as a screen shows them. */
async function likeness(picture: string, source: readonly string[]): Promise<number> {
  const graph = '[0:v]format=gbrp[a];[1:v]trim=end_frame=1,format=gbrp[b];[a][b]psnr'
  const inputs = ['-i', picture, ...source]
  const { stderr } = await run('ffmpeg', [
    '-v',
    'info',
    ...inputs,
    '-lavfi',
    graph,
    '-frames:v',
    '1',
    '-f',
    'null',
    '-',
  ])
  const [, average = '0'] = /PSNR.*average:(\S+)/.exec(stderr) ?? []
  return average === 'inf' ? Number.POSITIVE_INFINITY : Number(average)
}

/** A program that is started in place of ffmpeg. */
async function program(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

/** Fragments of a second each, whose frames no decoder takes. */
const undecodable = (count: number) =>
  eventsOf(
    payload(
      ...Array.from({ length: count }, (_, index) =>
        fragment(part({ number: `${index}`, atMs: index * 1000 })),
      ),
    ),
  )

describe('SnapshotWriter', tools, () => {
  it('makes pictures that tell their time', requiresSharedData('output_get_media.mkv'), async () => {
    await using directory = await scratch()
    const events = await eventsOf(await readFile(sharedData('output_get_media.mkv') ?? ''))
    const { files, writer } = await write(events, { directory: directory.path, everyMs: 5000 })
    assert.equal(writer.failedSnapshots, 0)
    assert.deepEqual(
      files.map(({ path, wallClock, timestampMs }) => [path, wallClock?.toISOString(), timestampMs]),
      [
        [directory.file('20171128T065508.513Z.jpg'), '2017-11-28T06:55:08.513Z', 0],
        [directory.file('20171128T065514.513Z.jpg'), '2017-11-28T06:55:14.513Z', 6000],
      ],
    )
    assert.deepEqual((await readdir(directory.path)).length, 2)
    const [{ path, bytes, fragmentNumber } = assert.fail()] = files
    assert.equal((await readFile(path)).length, bytes)
    assert.equal(await decodeMessages(path), '')
    const { tags, width, height, pix_fmt } = await probe(path)
    assert.deepEqual({ width, height, pix_fmt }, { width: 640, height: 360, pix_fmt: 'yuvj420p' })
    const told = Object.fromEntries(Object.entries(tags ?? {}).map(([name, value]) => [name, value.trim()]))
    assert.deepEqual(told, {
      ...{ ImageDescription: `track 1, fragment ${fragmentNumber}`, Software: 'getmedia' },
      ...{ XResolution: '72:1', YResolution: '72:1', ResolutionUnit: '2', YCbCrPositioning: '1' },
      ...{ DateTime: '2017:11:28 06:55:08', DateTimeOriginal: '2017:11:28 06:55:08' },
      DateTimeDigitized: '2017:11:28 06:55:08',
      ...{ SubSecTime: '513', SubSecTimeOriginal: '513', SubSecTimeDigitized: '513' },
      // OffsetTime, OffsetTimeOriginal, OffsetTimeDigitized, which this ffprobe knows by number.
      ...{ '0x9010': '+00:00', '0x9011': '+00:00', '0x9012': '+00:00' },
      ...{ ExifVersion: '48,  50,  51,  50', FlashpixVersion: '48,  49,  48,  48' },
      ...{ ComponentsConfiguration: '1,   2,   3,   0', ColorSpace: '1' },
      ...{ PixelXDimension: '640', PixelYDimension: '360' },
    })
  })

  it('shows the picture that ffmpeg decodes of the source', async () => {
    await using directory = await scratch()
    const options = { directory: directory.path, path: '{index}.jpg', quality: 2 }
    const { files } = await write(await eventsOf(await readFile(CLIP)), { ...options, everyMs: 5000 })
    assert.deepEqual(
      files.map(({ timestampMs }) => timestampMs),
      [0, 5120, 10_240],
    )
    for (const { path, timestampMs } of files) {
      const source = ['-ss', String(timestampMs / 1000), '-i', CLIP]
      assert.ok((await likeness(path, source)) > 40)
    }
    // What is told is not told of just any two pictures.
    assert.ok((await likeness(files[0]!.path, ['-ss', '10.24', '-i', CLIP])) < 25)
  })

  it('makes smaller pictures where less quality is asked for', async () => {
    await using directory = await scratch()
    const events = await eventsOf(await readFile(CLIP))
    const sizes: number[] = []
    for (const quality of [2, 10, 31]) {
      const { files } = await write(events, { directory: directory.path, quality })
      sizes.push(files[0]!.bytes)
    }
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    )
    assert.equal(new Set(sizes).size, 3)
  })

  it('makes pictures of H.265', async () => {
    await using directory = await scratch()
    const events = await encodedEvents('H.265 with B-frames and open GOPs, and Opus')
    const { files } = await write(events, { directory: directory.path, everyNth: 2 })
    assert.equal(files.length, 2)
    for (const { path } of files) {
      assert.equal(await decodeMessages(path), '')
      assert.equal((await probe(path)).width, 320)
    }
  })

  it("shows the colours of BT.709 and of ten bits as they are, which JPEG's are not", async () => {
    await using directory = await scratch()
    const source = directory.file('hd.mkv')
    const colours = 'colorprim=bt709:transfer=bt709:colormatrix=bt709'
    await run('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'smptehdbars=s=1280x720:r=5:d=1'],
      ...['-vf', 'scale=out_color_matrix=bt709', '-pix_fmt', 'yuv420p10le', '-c:v', 'libx265'],
      ...['-x265-params', `log-level=none:${colours}`, '-colorspace', 'bt709', source],
    ])
    const { files } = await write(await eventsOf(await readFile(source)), {
      directory: directory.path,
      quality: 2,
    })
    assert.ok((await likeness(files[0]!.path, ['-i', source])) > 40)
  })

  it('writes MJPEG as it came, with EXIF', async () => {
    await using directory = await scratch()
    const { jpeg, events } = await mjpeg(directory, [])
    const { files } = await write(events, { directory: directory.path, ffmpegPath: '/nowhere/ffmpeg' })
    const written = await readFile(files[0]!.path)
    const exifBytes = 2 + written.readUInt16BE(4)
    assert.deepEqual(Buffer.concat([written.subarray(0, 2), written.subarray(2 + exifBytes)]), jpeg)
    assert.equal((await probe(files[0]!.path)).tags?.DateTimeOriginal, '2020:09:13 12:26:40')
  })

  it('gives MJPEG the Huffman tables that some cameras leave out', async () => {
    await using directory = await scratch()
    const { jpeg, events } = await mjpeg(directory, [0xc4])
    const { files } = await write(events, { directory: directory.path })
    assert.ok(!jpeg.includes(Buffer.of(0xff, 0xc4)))
    assert.ok((await readFile(files[0]!.path)).includes(Buffer.of(0xff, 0xc4)))
    assert.equal(await decodeMessages(files[0]!.path), '')
  })

  it("leaves a camera's own EXIF alone", async () => {
    await using directory = await scratch()
    const first = await mjpeg(directory, [])
    const { files } = await write(first.events, { directory: directory.path, path: 'first.jpg' })
    const own = await readFile(files[0]!.path)
    const second = await write(mjpegEvents(first.events, own), {
      directory: directory.path,
      path: 'second.jpg',
    })
    assert.deepEqual(await readFile(second.files[0]!.path), own)
  })

  it('gives no time where nothing tells of one', async () => {
    await using directory = await scratch()
    const { files } = await write(await eventsOf(await readFile(CLIP)), { directory: directory.path })
    assert.deepEqual(
      files.map(({ path }) => path),
      [directory.file('unknown-time.jpg'), directory.file('unknown-time-2.jpg')],
    )
    const { tags = {} } = await probe(files[0]!.path)
    assert.deepEqual(
      Object.keys(tags).filter(name => /time/i.test(name)),
      [],
    )
    assert.match(tags.ImageDescription ?? '', /^track 1/)
  })
})

/** A picture of MJPEG, without the segments of some markers, and a stream of it. */
async function mjpeg(
  directory: { file(name: string): string },
  left: readonly number[],
): Promise<{ jpeg: Buffer; events: FragmentEvent[] }> {
  const path = directory.file('picture.jpg')
  // Only with the default tables may a picture do without them.
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:d=1', '-frames:v', '1', '-huffman', 'default']
  await run('ffmpeg', ['-v', 'error', '-y', ...source, '-pix_fmt', 'yuvj422p', path])
  const jpeg = withoutSegments(await readFile(path), left)
  const frames = [{ keyframe: true, data: jpeg }]
  return {
    jpeg,
    events: await eventsOf(
      fragment({ ...part({ number: '1', atMs: 0 }), tracks: [{ codecId: 'V_MJPEG' }], frames }),
    ),
  }
}

function mjpegEvents(events: readonly FragmentEvent[], data: Uint8Array): FragmentEvent[] {
  return events.map(event => {
    if (event.type !== 'frame') return event
    const { wallClock, fragmentNumber, timestampMs } = event
    return {
      ...{ type: 'frame', track: 1, wallClock, fragmentNumber, timestampMs, keyframe: true, data },
      ...{ invisible: false, discardable: false, durationMs: undefined, laceIndex: 0 },
    }
  })
}

function withoutSegments(jpeg: Buffer, markers: readonly number[]): Buffer {
  const kept = [jpeg.subarray(0, 2)]
  let at = 2
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    if (!markers.includes(jpeg[at + 1]!)) kept.push(jpeg.subarray(at, end))
    at = end
  }
  return Buffer.concat([...kept, jpeg.subarray(at)])
}

describe('SnapshotWriter, where a picture fails', () => {
  it('tells of it, and goes on', tools, async () => {
    await using directory = await scratch()
    const events = [...(await undecodable(1)), ...(await eventsOf(await readFile(CLIP)))]
    const { files, failures, writer, error } = await write(events, { directory: directory.path, everyNth: 1 })
    assert.equal(error, undefined)
    assert.ok(files.length >= 2)
    assert.equal(writer.failedSnapshots, 1)
    const [{ error: failure, ...where } = assert.fail()] = failures
    assert.deepEqual(where, { wallClock: new Date(1_600_000_000_000), timestampMs: 0, fragmentNumber: '0' })
    assert.match(failure.message, /keyframe at 0 ms of fragment 0: ffmpeg: \S+/)
    assert.equal(failure.code, 'ERR_OUTPUT')
    assert.equal((await readdir(directory.path)).length, files.length)
  })

  const failing: [name: string, script: string, message: RegExp][] = [
    ['fails', 'echo "no such codec" >&2; exit 3', /ffmpeg: no such codec/],
    ['fails without a word', 'exit 3', /ffmpeg: it ended with 3/],
    ['gives nothing', 'exit 0', /ffmpeg: it gave no picture/],
    ['gives no JPEG', 'echo picture', /no whole JPEG/],
    ['gives half a JPEG', "printf '\\377\\330\\377\\340\\000\\020JFIF'", /no whole JPEG/],
    ['takes too long', 'exec sleep 100', /more than 300 ms/],
    ['dies', 'kill -SEGV $$', /ended by SIGSEGV/],
  ]
  for (const [name, script, message] of failing) {
    it(`fails at the end if ffmpeg ${name} each time`, async () => {
      await using directory = await scratch()
      const ffmpegPath = await program(directory.file('ffmpeg'), script)
      const target = join(directory.path, 'pictures')
      const timeoutMs = name === 'takes too long' ? 300 : 30_000
      const options = { directory: target, everyNth: 1, ffmpegPath, timeoutMs }
      const { error, failures } = await write(await undecodable(2), options)
      assert.equal(failures.length, 2)
      assert.equal(error?.code, 'ERR_OUTPUT')
      assert.match(error.message, /^SnapshotWriter: none of 2 keyframes gave a picture; the last one: /)
      assert.match(error.message, message)
      assert.deepEqual(await readdir(target).catch(() => []), [])
    })
  }

  it('does not wait for the end where none of the first ten works', async () => {
    await using directory = await scratch()
    const ffmpegPath = await program(directory.file('ffmpeg'), 'exit 1')
    const options = { directory: directory.path, everyNth: 1, ffmpegPath }
    const { error, failures } = await write(await undecodable(20), options)
    assert.equal(failures.length, 10)
    assert.match(error?.message ?? '', /none of 10 keyframes/)
  })

  it('fails at once where ffmpeg is not there, and says what to do', async () => {
    await using directory = await scratch()
    const options = { directory: directory.path, ffmpegPath: directory.file('nothing') }
    const { error, failures } = await write(await undecodable(2), options)
    assert.equal(error?.code, 'ERR_OUTPUT')
    assert.match(error.message, /nothing` cannot be started \(ENOENT\): install ffmpeg .*`ffmpegPath`/)
    assert.deepEqual(failures, [])
  })

  it('fails for a codec of which it makes no pictures, and for a stream without video', async () => {
    await using directory = await scratch()
    const other = await eventsOf(fragment({ tracks: [videoTrack({ codecId: 'V_VP9' })] }))
    const { error } = await write(other, { directory: directory.path })
    assert.match(error?.message ?? '', /1 \(V_VP9\) is neither H.264, H.265 nor MJPEG/)
    const sound = await eventsOf(fragment({ tracks: [audioTrack()] }))
    assert.match((await write(sound, { directory: directory.path })).error?.message ?? '', /no video track/)
  })

  it('fails where the directory cannot be made', async () => {
    await using directory = await scratch()
    await writeFile(directory.file('file'), '')
    const ffmpegPath = await program(
      directory.file('ffmpeg'),
      `cat ${JSON.stringify(directory.file('jpeg'))}`,
    )
    await writeFile(directory.file('jpeg'), SMALLEST)
    const { error } = await write(await undecodable(1), { directory: directory.file('file'), ffmpegPath })
    assert.match(error?.code ?? '', /ENOTDIR|EEXIST/)
  })
})

/** What the writer takes for a whole JPEG: a frame header of 8 by 8 pixels, a scan, and an end. */
const SMALLEST = Buffer.from('ffd8ffc0000b080008000801011100ffda0008010100003f0000ffd9', 'hex')

describe('SnapshotWriter as a stream', () => {
  it('kills ffmpeg and leaves nothing when it is aborted', async () => {
    await using directory = await scratch()
    const life = directory.file('life')
    await run('mkfifo', [life])
    const script = `exec 3> ${JSON.stringify(life)}; echo started >&3; exec sleep 1000`
    const ffmpegPath = await program(directory.file('ffmpeg'), script)
    const target = join(directory.path, 'pictures')
    const controller = new AbortController()
    const writing = write(await undecodable(2), {
      directory: target,
      ffmpegPath,
      signal: controller.signal,
    })
    // Has an end when nobody holds the pipe's other side any more.
    const alive = createReadStream(life)
    await once(alive, 'data')
    controller.abort()
    const { error, failures } = await writing
    await once(alive, 'end')
    assert.equal(error?.code, 'ERR_ABORTED')
    assert.deepEqual(failures, [])
    assert.deepEqual(await readdir(target).catch(() => []), [])
  })

  it('runs one ffmpeg at a time', async () => {
    await using directory = await scratch()
    const lock = JSON.stringify(directory.file('lock'))
    const script = `mkdir ${lock} || exit 1; cat > /dev/null; cat ${JSON.stringify(directory.file('jpeg'))}; rmdir ${lock}`
    await writeFile(directory.file('jpeg'), SMALLEST)
    const ffmpegPath = await program(directory.file('ffmpeg'), script)
    const options = { directory: join(directory.path, 'pictures'), everyNth: 1, ffmpegPath }
    const { files, failures } = await write(await undecodable(5), options)
    assert.deepEqual([files.length, failures.length], [5, 0])
  })

  it('gives nothing of nothing', async () => {
    await using directory = await scratch()
    const { error, files } = await write([], { directory: directory.path })
    assert.deepEqual([error, files], [undefined, []])
  })

  it('refuses options that are none', () => {
    const wrong: object[] = [
      ...[{ directory: '' }, { ffmpegPath: '' }, { quality: 1 }, { quality: 32 }, { path: '{place}.jpg' }],
      ...[{ everyMs: 0 }, { everyMs: 1000, everyNth: 1 }, { timeoutMs: 0 }, { track: 0 }],
    ]
    for (const options of wrong) {
      assert.throws(() => new SnapshotWriter({ directory: 'x', ...options }), { code: 'ERR_INVALID_OPTION' })
    }
  })
})

describe('snapshots of a track that is turned', tools, () => {
  const turned = async (source: readonly string[], roll: number, yaw = 0) => {
    const directory = await scratch()
    const path = directory.file('in.mkv')
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=10:d=0.1', ...source, path])
    const projection = { type: 0, yawDegrees: yaw, pitchDegrees: 0, rollDegrees: roll }
    const events = (await eventsOf(await readFile(path))).map(event => {
      if (event.type !== 'fragment-start') return event
      const tracks = event.tracks.map(track => ({ ...track, video: { ...track.video!, projection } }))
      return { ...event, tracks }
    })
    const { files } = await write(events, { directory: directory.path, quality: 2 })
    return { directory, path, picture: files[0]!.path }
  }

  for (const [roll, yaw, size, filter] of [
    [90, 0, [64, 96], 'transpose=cclock'],
    [-180, 0, [96, 64], 'hflip,vflip'],
    [270, 0, [64, 96], 'transpose=clock'],
    [90, 180, [64, 96], 'hflip,transpose=cclock'],
    [45, 0, [96, 64], 'null'],
  ] as const) {
    it(`are turned by a roll of ${roll}${yaw === 0 ? '' : ', mirrored'}`, async () => {
      const { directory, path, picture } = await turned(['-c:v', 'libx264', '-pix_fmt', 'yuv420p'], roll, yaw)
      await using _gone = directory
      const { width, height } = await probe(picture)
      assert.deepEqual([width, height], size)
      const upright = directory.file('upright.png')
      await run('ffmpeg', ['-v', 'error', '-i', path, '-vf', filter, '-frames:v', '1', upright])
      assert.ok((await likeness(picture, ['-i', upright])) > 18)
    })
  }

  it('of MJPEG keep their bytes, and EXIF tells viewers how to turn them', async () => {
    const { directory, picture } = await turned(['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'], 90)
    await using _gone = directory
    const { width, tags } = await probe(picture)
    assert.deepEqual([width, tags?.Orientation?.trim()], [96, '8'])
  })
})
