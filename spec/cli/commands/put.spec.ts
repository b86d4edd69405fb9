import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Emulator, startEmulator } from '../../../lib/emulator/index.ts'
import { getmedia, jsonLines } from '../../support/cli.ts'
import { CLIP, serviceEnvironment } from '../../support/fault-run.ts'
import { producerMedia } from '../../support/producer-media.ts'
import { requires } from '../../support/requirements.ts'

type Line = Readonly<Record<string, unknown>>

const framesOf = (stdout: string) => jsonLines(stdout).filter(({ event }) => event === 'frame')
const inspect = async (media: Uint8Array) =>
  framesOf((await getmedia(['inspect', '-', '--json', '--hash'], { stdin: media })).stdout)

describe('getmedia put', () => {
  let emulator: Emulator
  let streams = 0
  let door = ''

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
  })
  beforeEach(async () => {
    door = `door-${streams++}`
    await emulator.addStream({ name: door })
  })
  after(() => emulator.close())

  const run = (args: string[], stdin?: Uint8Array) =>
    getmedia(args, { env: serviceEnvironment(emulator.url), ...(stdin === undefined ? {} : { stdin }) })
  const stored = async () => {
    const args = ['get', door, '--start', 'earliest', '--until', 'caught-up', '--json', '--hash']
    return framesOf((await run(args)).stdout)
  }
  const acksOf = (lines: readonly Line[], type: string) =>
    lines.filter(line => line.type === type).map(({ fragmentTimecodeMs }) => fragmentTimecodeMs)

  it('puts a file, one line for each acknowledgement, and its frames are there', async () => {
    const { exitCode, stdout, stderr } = await run(['put', door, CLIP, '--json'])
    const lines = jsonLines(stdout)
    assert.equal(exitCode, 0)
    assert.deepEqual(Object.keys(lines[0]!), [
      ...[
        'event',
        'type',
        'fragmentNumber',
        'fragmentTimecode',
        'fragmentTimecodeMs',
        'errorId',
        'errorCode',
      ],
    ])
    assert.deepEqual(new Set(lines.map(({ event }) => event)), new Set(['ack']))
    assert.equal(acksOf(lines, 'BUFFERING').length, 10)
    assert.deepEqual(acksOf(lines, 'PERSISTED'), acksOf(lines, 'BUFFERING'))
    assert.match(stderr, /fragments persisted +│ 10 /)
    assert.deepEqual(await stored(), await inspect(await readFile(CLIP)))
  })

  it('puts standard input, and says for people no more than the summary', async () => {
    const { exitCode, stdout, stderr } = await run(['put', door, '-'], await readFile(CLIP))
    assert.deepEqual([exitCode, stdout], [0, ''])
    assert.match(stderr, /sessions +│ 1 /)
    assert.equal((await stored()).length, 521)
  })

  it('counts from --producer-start, or takes the timestamps for the epoch', async () => {
    const { bytes } = producerMedia({ fragments: 2, from: 1_700_000_000_000 })
    await run(['put', door, '-', '--timecodes', 'absolute'], bytes)
    await run(['put', door, '-', '--producer-start', '2026-01-01T00:00:00Z'], producerMedia().bytes)
    const times = emulator.stream(door).fragments.map(({ producerTimestampMs }) => producerTimestampMs)
    const start = Date.UTC(2026, 0, 1)
    assert.deepEqual(times, [
      ...[1_700_000_000_000, 1_700_000_001_000],
      ...[start, start + 1000, start + 2000],
    ])
  })

  it('sends each cluster when its timestamp says with --realtime', async () => {
    const began = performance.now()
    const { exitCode } = await run(['put', door, '-', '--realtime'], producerMedia({ fragments: 2 }).bytes)
    assert.equal(exitCode, 0)
    assert.ok(performance.now() - began >= 1000)
  })

  it('ends on SIGINT, with what came whole before it stored', async () => {
    const { header, fragments } = producerMedia({ fragments: 3 })
    const stdin = new PassThrough()
    stdin.write(Buffer.concat([header, ...fragments.slice(0, 2), fragments[2]!.subarray(0, 30)]))
    let isSent = false
    const { exitCode, stdout } = await getmedia(['put', door, '-', '--json'], {
      env: serviceEnvironment(emulator.url),
      stdin,
      onOutput: (stdout, kill) => {
        if (isSent || !stdout.includes('"PERSISTED"')) return
        isSent = true
        kill('SIGINT')
      },
    })
    assert.equal(exitCode, 0)
    assert.deepEqual(acksOf(jsonLines(stdout), 'PERSISTED'), [0, 1000])
  })

  it('says that nothing was put where the input holds no Cluster', async () => {
    const { exitCode, stderr } = await run(['put', door, '-'], producerMedia().header)
    assert.equal(exitCode, 0)
    assert.match(stderr, /^getmedia: nothing was put: the input holds no Cluster$/m)
  })

  it('counts the fragments that are not acknowledged when it fails', async () => {
    await emulator.addStream({ name: `${door}-none`, dataRetentionInHours: 0 })
    const { exitCode, stderr } = await run(
      ['put', `${door}-none`, '-'],
      producerMedia({ fragments: 2 }).bytes,
    )
    assert.equal(exitCode, 1)
    assert.match(stderr, /^getmedia: 2 fragments \(.*\) are not acknowledged: they may be missing/m)
  })

  const failures: [what: string, args: () => string[], stdin: Uint8Array | undefined, says: RegExp][] = [
    [
      'a stream that is not there',
      () => ['put', 'attic', CLIP],
      undefined,
      /ResourceNotFoundException.*\(request /,
    ],
    ['a file that is not there', () => ['put', door, '/nowhere.mkv'], undefined, /ENOENT/],
    ['what is no MKV', () => ['put', door, '-'], Buffer.from('GIF89a'), /getmedia: this is no EBML/],
    ['media that is cut', () => ['put', door, '-'], producerMedia().bytes.subarray(0, -1), /ended at byte/],
  ]
  for (const [what, args, stdin, says] of failures) {
    it(`fails with one line for ${what}`, async () => {
      const { exitCode, stdout, stderr } = await run(args(), stdin ?? Buffer.alloc(0))
      assert.deepEqual([exitCode, stdout], [1, ''])
      assert.match(stderr, says)
    })
  }

  const wrongUsages: [what: string, args: string[]][] = [
    ['no file', ['put', 'door']],
    ['a stream name that cannot be', ['put', 'my door', CLIP]],
    ['timecodes that are none', ['put', 'door', CLIP, '--timecodes', 'both']],
    ['a start that is no time', ['put', 'door', CLIP, '--producer-start', 'soon']],
    ['an endpoint that is no URL', ['put', 'door', CLIP, '--endpoint-url', 'here']],
  ]
  for (const [what, args] of wrongUsages) {
    it(`exits with 2 for ${what}`, async () => {
      const { exitCode, stdout, stderr } = await run(args)
      assert.deepEqual([exitCode, stdout], [2, ''])
      assert.notEqual(stderr, '')
    })
  }

  it('takes what ffmpeg writes live, and every frame is there, bit for bit', requires('ffmpeg'), async () => {
    const source = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-t', '2']
    const codec = ['-c:v', 'mpeg4', '-g', '25', '-cluster_time_limit', '900', '-f', 'matroska', '-']
    const ffmpeg = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...source, ...codec])
    const written: Buffer[] = []
    ffmpeg.stdout.on('data', (chunk: Buffer) => written.push(chunk))
    const { exitCode, stdout } = await getmedia(['put', door, '-', '--json'], {
      env: serviceEnvironment(emulator.url),
      stdin: ffmpeg.stdout,
    })
    assert.equal(exitCode, 0)
    assert.ok(acksOf(jsonLines(stdout), 'PERSISTED').length >= 2)
    const frames = await stored()
    assert.equal(frames.length, 50)
    assert.deepEqual(frames, await inspect(Buffer.concat(written)))
  })
})
