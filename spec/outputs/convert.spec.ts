import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { buffer, text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLIP } from '../support/fault-run.ts'
import { lengthPrefixed } from '../support/h264-pictures.ts'
import { errorChunk, fragment, payload } from '../support/mkv-builder.ts'
import { requires } from '../support/requirements.ts'
import { callFragments } from './call-builder.ts'
import { countOf, framesOf, packetsOf, run, scratch } from './media.ts'
import { videoTrack } from './pictures.ts'

const COMMAND = fileURLToPath(new URL('convert-process.ts', import.meta.url))

const start = (args: readonly string[]) =>
  spawn(process.execPath, ['--import', 'tsx', COMMAND, ...args]) as ChildProcess & {
    [K in 'stdin' | 'stdout' | 'stderr']: NonNullable<ChildProcess[K]>
  }

async function convert(args: readonly string[], stdin?: Uint8Array) {
  const child = start(args)
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { exitCode, stdout, stderr }
}

describe('getmedia convert', () => {
  it('makes several outputs of one reading, and says what they are', async () => {
    await using directory = await scratch()
    const outputs = ['--mkv', 'door.mkv', '--wav', 'calls', '--tags', 'tags.csv'].map(word =>
      word.startsWith('--') ? word : directory.file(word),
    )
    const bytes = payload(...callFragments({ seconds: 3 }))
    const { exitCode, stdout, stderr } = await convert(['-', '--wav-layout', 'stereo', ...outputs], bytes)
    assert.deepEqual([exitCode, stdout.length], [0, 0])
    assert.match(stderr, /calls\/contact-1\.wav: 3\.0 s of AUDIO_FROM_CUSTOMER and AUDIO_TO_CUSTOMER\n/)
    assert.match(stderr, /door\.mkv: 3\.\d s, 108 frames, .* kB\n/)
    assert.equal(framesOf(await readFile(directory.file('door.mkv'))).length, 108)
    assert.equal((await readFile(directory.file('tags.csv'), 'utf8')).split('\r\n').length, 5)
    assert.deepEqual((await readdir(directory.path)).sort(), ['calls', 'door.mkv', 'tags.csv'])
  })

  it('makes MP4, HLS and Matroska of one reading', async () => {
    await using directory = await scratch()
    const outputs = ['--mp4', 'door.mp4', '--hls', 'door', '--mkv', 'door.mkv'].map(word =>
      word.startsWith('--') ? word : directory.file(word),
    )
    const { exitCode, stderr } = await convert([CLIP, '--hls-segment', '3s', ...outputs])
    assert.equal(exitCode, 0, stderr)
    assert.match(stderr, /door\.mp4: 12\.9 s, 521 frames, .* kB\n/)
    assert.match(stderr, /door\/index\.m3u8: plays from now on\n/)
    assert.match(stderr, /door\/index\.m3u8: ended, with 4 segments\n/)
    assert.deepEqual((await readdir(directory.path)).sort(), ['door', 'door.mkv', 'door.mp4'])
  })

  it('writes MP4 to standard output in fragments', async () => {
    const { exitCode, stdout } = await convert([CLIP, '--mp4', '-'])
    assert.deepEqual([exitCode, stdout.toString('latin1', 4, 8)], [0, 'ftyp'])
    assert.ok(stdout.includes('moof'))
  })

  it('says what MP4 cannot carry, and leaves it out where that is asked for', async () => {
    await using directory = await scratch()
    const parts = fragment({
      tracks: [videoTrack(), { type: 'subtitle', name: 'words' }],
      frames: [{ keyframe: true, data: 'picture' }],
    })
    const path = directory.file('door.mp4')
    const refused = await convert(['-', '--mp4', path], parts)
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stderr, /track 2 \(words\): subtitle \(S_TEXT\/UTF8\) is not written to MP4/)
    const written = await convert(['-', '--mp4', path, '--skip-unsupported'], parts)
    assert.deepEqual([written.exitCode, await readdir(directory.path)], [0, ['door.mp4']])
  })

  it('says what it left out, and ends with exit code 3', async () => {
    await using directory = await scratch()
    const parts = fragment({
      tracks: [videoTrack(), { type: 'subtitle', name: 'words' }],
      frames: [
        ...(['p', 'p', 'idr', 'p'] as const).map((kind, at) => ({ at, data: lengthPrefixed(kind) })),
        { track: 2, at: 5, data: 'Hello' },
      ],
    })
    const [mp4, bare, fragmented] = ['a.mp4', 'a.h264', 'b.mp4'].map(name => directory.file(name))
    const written = await convert(['-', '--mp4', mp4!, '--h264', bare!, '--skip-unsupported'], parts)
    assert.equal(written.exitCode, 3, written.stderr)
    assert.match(written.stderr, /^getmedia: --h264: left out 2 frames before the first keyframe$/m)
    assert.match(written.stderr, /^getmedia: --mp4: left out 2 frames before the first keyframe$/m)
    assert.match(written.stderr, /^getmedia: --mp4: left out 1 frame of tracks that MP4 cannot carry$/m)
    const whole = await convert(['-', '--mp4', fragmented!, '--fragmented', '--skip-unsupported'], parts)
    assert.equal(whole.exitCode, 3, whole.stderr)
    assert.match(whole.stderr, /^getmedia: --mp4: left out 1 frame of tracks that MP4 cannot carry$/m)
  })

  it('says what it left out of a call, unless the caller has chosen a contact', async () => {
    await using directory = await scratch()
    const calls = payload(...callFragments({ seconds: 4, reusedFrom: 2 }))
    const stopped = await convert(['-', '--wav', directory.file('first')], calls)
    assert.equal(stopped.exitCode, 3, stopped.stderr)
    assert.match(
      stopped.stderr,
      /^getmedia: --wav: left out \d+ frames of other contacts; see --on-contact-change$/m,
    )
    const chosen = ['--contact', 'contact-2', '--on-contact-change', 'filter']
    const filtered = await convert(['-', '--wav', directory.file('second'), ...chosen], calls)
    assert.equal(filtered.exitCode, 0, filtered.stderr)
    const missing = await convert(['-', '--wav', directory.file('third'), '--contact', 'nobody'], calls)
    assert.equal(missing.exitCode, 1)
    assert.match(
      missing.stderr,
      /frames came and none was written: \d+ of other contacts than the one to record/,
    )
  })

  it('leaves no file of media where no frame came, says so, and has not failed', async () => {
    await using directory = await scratch()
    const names = ['--mkv', 'a.mkv', '--mp4', 'a.mp4', '--hls', 'hls', '--wav', 'wav', '--h264', 'a.h264']
    const more = ['--aac', 'a.aac', '--pcm', 'a.pcm', '--snapshots', 'pictures', '--tags', 'a.csv']
    const flags = [...names, ...more].map(word => (word.startsWith('--') ? word : directory.file(word)))
    const empty = fragment({ withoutCluster: true })
    for (const how of [[], ['--fragmented']]) {
      const { exitCode, stderr } = await convert(['-', ...flags, ...how], empty)
      assert.equal(exitCode, 0, stderr)
      for (const output of ['mkv', 'mp4', 'hls', 'wav', 'h264', 'aac', 'pcm', 'snapshots']) {
        assert.match(stderr, new RegExp(`^getmedia: --${output}: the stream brought no frames`, 'm'))
      }
      assert.doesNotMatch(stderr, /--tags/)
      assert.deepEqual(await readdir(directory.path), ['a.csv'])
    }
  })

  it('fails where frames came and none was written, and leaves no file', async () => {
    await using directory = await scratch()
    const parts = fragment({
      tracks: [videoTrack()],
      frames: [0, 1].map(at => ({ at, keyframe: true, data: lengthPrefixed('p') })),
    })
    const flags = ['--mp4', directory.file('a.mp4'), '--h264', directory.file('a.h264')]
    const { exitCode, stderr } = await convert(['-', ...flags], parts)
    assert.equal(exitCode, 1)
    assert.match(
      stderr,
      /^getmedia: --mp4: Mp4FileSink: 2 frames came and none was written: 2 of video without/m,
    )
    assert.match(stderr, /^getmedia: --h264: ElementaryStream: of 2 frames not one could be written/m)
    assert.deepEqual(await readdir(directory.path), [])
  })

  it('takes bare frames, cues and pictures out of one file', requires('ffmpeg'), async () => {
    await using directory = await scratch()
    await writeFile(directory.file('words.srt'), '1\n00:00:00,500 --> 00:00:02,000\nHello door\n')
    const source = directory.file('source.mkv')
    const inputs = ['-i', CLIP, '-i', directory.file('words.srt'), '-map', '0', '-map', '1', '-c', 'copy']
    await run('ffmpeg', ['-v', 'error', ...inputs, '-c:s', 'srt', source])
    const outputs = ['--h264', 'a.h264', '--aac', 'a.aac', '--cues', 'a.vtt', '--snapshots', 'pictures'].map(
      word => (word.startsWith('--') ? word : directory.file(word)),
    )
    const { exitCode, stderr } = await convert([source, '--snapshot-every', '5s', ...outputs])
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(
      [
        (await packetsOf(directory.file('a.h264'))).packets.length,
        (await packetsOf(directory.file('a.aac'))).packets.length,
        (await readdir(directory.file('pictures'))).length,
        await readFile(directory.file('a.vtt'), 'utf8'),
      ],
      [320, 201, 3, 'WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nHello door\n\n'],
    )
  })

  it('writes cues to standard output as lines of JSON, with the times of their frames', async () => {
    const parts = fragment({
      ...{ timestamp: 5000, producerTimestamp: '1600000000.250' },
      tracks: [{ type: 'subtitle', name: 'words' }],
      frames: [{ keyframe: true, data: 'Hello', group: { durationTicks: 900 } }],
    })
    const { exitCode, stdout } = await convert(['-', '--cues', '-'], parts)
    const { plainText, wallClock, endWallClock, track } = JSON.parse(stdout.toString())
    assert.deepEqual(
      [exitCode, plainText, wallClock, endWallClock, track.name],
      [0, 'Hello', '2020-09-13T12:26:40.250Z', '2020-09-13T12:26:41.150Z', 'words'],
    )
  })

  it('refuses bare frames of a codec that the stream does not have', async () => {
    const { exitCode, stderr } = await convert([CLIP, '--h265', '-'])
    assert.equal(exitCode, 1)
    assert.match(stderr, /no track of H\.265; there is 1 "camera" \(V_MPEG4\/ISO\/AVC\), 2 "microphone"/)
  })

  it('writes one of them to standard output', async () => {
    await using directory = await scratch()
    const { exitCode, stdout } = await convert([CLIP, '--mkv', '-', '--tags', directory.file('tags.jsonl')])
    assert.deepEqual([exitCode, countOf(stdout, 'frame'), countOf(stdout, 'document-start')], [0, 521, 1])
    const [row] = (await readFile(directory.file('tags.jsonl'), 'utf8')).split('\n')
    assert.equal(JSON.parse(row!).frames, 521)
  })

  it('takes a reader that goes for an end, and finishes the other files', async () => {
    await using directory = await scratch()
    const child = start(['-', '--mkv', '-', '--tags', directory.file('tags.jsonl')])
    const exit = once(child, 'close')
    const stderr = text(child.stderr)
    child.stdin.on('error', () => {})
    child.stdout.once('data', () => child.stdout.destroy())
    const parts = Array.from({ length: 100 }, (_, i) =>
      fragment({
        number: `${i}`,
        timestamp: i * 10,
        frames: [{ keyframe: true, data: Buffer.alloc(100_000) }],
      }),
    )
    for (const part of parts) if (!child.stdin.write(part)) await once(child.stdin, 'drain')
    child.stdin.end()
    assert.deepEqual([(await exit)[0], await stderr], [0, `${directory.file('tags.jsonl')}\n`])
    assert.equal((await readFile(directory.file('tags.jsonl'), 'utf8')).split('\n').length, 101)
  })

  it('ends early, and well, when the only reader goes', async () => {
    const child = start(['-', '--mkv', '-'])
    const exit = once(child, 'close')
    const stderr = text(child.stderr)
    child.stdin.on('error', () => {})
    child.stdout.once('data', () => child.stdout.destroy())
    const part = fragment({ frames: [{ keyframe: true, data: Buffer.alloc(100_000) }] })
    let isOver = false
    child.once('close', () => {
      isOver = true
    })
    // Without end, until it has had enough.
    const feed = () => {
      if (!isOver && !child.stdin.destroyed) child.stdin.write(part, () => setImmediate(feed))
    }
    feed()
    assert.deepEqual([(await exit)[0], await stderr], [0, ''])
  })

  it('keeps what came before a payload breaks off, and fails', async () => {
    await using directory = await scratch()
    const clip = await readFile(CLIP)
    const { exitCode, stderr } = await convert(
      ['-', '--mkv', directory.file('a.mkv')],
      clip.subarray(0, 150_000),
    )
    assert.equal(exitCode, 1)
    assert.match(stderr, /broken off at byte 150000/)
    assert.deepEqual(await readdir(directory.path), ['a.mkv'])
    assert.equal(countOf(await readFile(directory.file('a.mkv')), 'truncated'), 0)
  })

  it('tells of an error in the payload, and converts the rest', async () => {
    await using directory = await scratch()
    const bytes = payload(fragment({ number: '1' }), errorChunk({ id: 4000, code: 'FRAGMENT_NOT_FOUND' }))
    const { exitCode, stderr } = await convert(['-', '--mkv', directory.file('a.mkv')], bytes)
    assert.equal(exitCode, 1)
    assert.match(stderr, /4000 FRAGMENT_NOT_FOUND/)
    assert.equal(framesOf(await readFile(directory.file('a.mkv'))).length, 1)
  })

  it('finishes its files when it is interrupted', async () => {
    await using directory = await scratch()
    const child = start(['-', '--mkv', directory.file('a.mkv'), '--tags', directory.file('tags.jsonl')])
    const exit = once(child, 'close')
    const stderr = text(child.stderr)
    child.stdin.on('error', () => {})
    for (let i = 0; i < 4; i++) child.stdin.write(fragment({ number: `${i}`, timestamp: i * 1000 }))
    // The first row is on its way once the part file is there.
    while ((await readdir(directory.path)).length < 2) await new Promise(resolve => setImmediate(resolve))
    child.kill('SIGINT')
    assert.equal((await exit)[0], 1)
    assert.match(await stderr, /convert was aborted/)
    assert.deepEqual((await readdir(directory.path)).sort(), ['a.mkv', 'tags.jsonl'])
    assert.equal(countOf(await readFile(directory.file('a.mkv')), 'truncated'), 0)
  })

  it('finishes the other outputs when one fails, and says which did', async () => {
    await using directory = await scratch()
    await writeFile(directory.file('file'), '')
    const outputs = ['--mp4', directory.file('file/a.mp4'), '--mkv', directory.file('a.mkv')]
    const { exitCode, stderr } = await convert([CLIP, ...outputs])
    assert.equal(exitCode, 1)
    assert.match(stderr, /^getmedia: --mp4: E\w+: /m)
    assert.equal(countOf(await readFile(directory.file('a.mkv')), 'frame'), 521)
  })

  it('leaves what was there alone when nothing can be read', async () => {
    await using directory = await scratch()
    await writeFile(directory.file('a.mkv'), 'before')
    const { exitCode, stderr } = await convert([directory.file('none'), '--mkv', directory.file('a.mkv')])
    assert.equal(exitCode, 1)
    assert.match(stderr, /ENOENT/)
    assert.equal(await readFile(directory.file('a.mkv'), 'utf8'), 'before')
  })

  const wrong: [name: string, args: string[], message: RegExp][] = [
    ['no output', [CLIP], /--mkv, .* or --tags. must be given/],
    ['two on standard output', [CLIP, '--mkv', '-', '--tags', '-'], /standard output/],
    ['a call on standard output', [CLIP, '--wav', '-'], /--wav/],
    ['a rotation of a pipe', [CLIP, '--mkv', '-', '--rotate', '10m'], /--rotate/],
    ['an unknown word in a name', [CLIP, '--mkv', '{when}.mkv'], /\{time\}/],
    ['an unknown flag', [CLIP, '--mp3', 'a'], /--mp3/],
    [
      'one file for two outputs',
      [CLIP, '--mkv', 'a', '--mp4', './a'],
      /`--mkv and --mp4` must not both write/,
    ],
    ['the file that is read', [CLIP, '--mp4', CLIP], /`--mp4` must not be the file that is read/],
    [
      'a flag of an output that is not asked for',
      [CLIP, '--tags', '-', '--gaps', 'keep'],
      /`--gaps` must go/,
    ],
    ['fragments of no MP4', [CLIP, '--mkv', '-', '--fragmented'], /`--fragmented` must go with --mp4;/],
  ]
  for (const [name, args, message] of wrong) {
    it(`takes ${name} for wrong usage`, async () => {
      const { exitCode, stderr } = await convert(args)
      assert.equal(exitCode, 2)
      assert.match(stderr, message)
    })
  }
})
