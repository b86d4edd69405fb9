import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Emulator, startEmulator } from '../../../lib/emulator/index.ts'
import { mediaClient, openMedia, readAll } from '../../emulator/clients.ts'
import { getmedia, jsonLines } from '../../support/cli.ts'
import { CLIP, EVERY_FAULT, runThroughFaults, serviceEnvironment } from '../../support/fault-run.ts'
import { type Handler, withServer } from '../../support/http-server.ts'
import { errorChunk, fragment } from '../../support/mkv-builder.ts'

type Line = Readonly<Record<string, unknown>>

const framesOf = (lines: readonly Line[]) => lines.filter(({ event }) => event === 'frame')
const clipFrames = framesOf(jsonLines((await getmedia(['inspect', CLIP, '--json', '--hash'])).stdout))

describe('getmedia get', () => {
  let emulator: Emulator

  before(async () => {
    emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
    await emulator.addStream({ name: 'door', source: CLIP })
  })

  after(() => emulator.close())

  const get = (...args: string[]) =>
    getmedia(['get', 'door', '--until', 'caught-up', '--json', ...args], {
      env: serviceEnvironment(emulator.url),
    })
  const numbers = () => emulator.stream('door').fragments.map(({ number }) => String(number))
  const started = (stdout: string) =>
    jsonLines(stdout)
      .filter(({ event }) => event === 'fragment')
      .map(({ fragmentNumber }) => fragmentNumber)

  it('gives every frame of the stream once, in order, with its hash', async () => {
    const { exitCode, stdout } = await get('--start', 'earliest', '--hash')
    assert.equal(exitCode, 0)
    assert.deepEqual(framesOf(jsonLines(stdout)), clipFrames)
  })

  it('gives the same lines as inspect of the payload that came', async () => {
    const { stdout } = await get('--start', 'earliest', '--hash')
    const payload = await readAll(await openMedia(mediaClient(emulator)))
    const inspected = await getmedia(['inspect', '-', '--json', '--hash'], { stdin: payload })
    // How far behind now a fragment is grows with time.
    const timeless = (text: string) => text.replace(/"millisBehindNow":\d+/g, '"millisBehindNow":0')
    assert.equal(timeless(stdout), timeless(inspected.stdout))
  })

  it('starts where --start says', async () => {
    const all = numbers()
    const fourth = emulator.stream('door').fragments[3]!
    const seconds = (ms: number) => String(ms / 1000)
    const starts: [start: string, first: number][] = [
      ['now', 9],
      [`fragment:${all[3]}`, 3],
      [`after:${all[3]}`, 4],
      [`token:${all[3]}`, 4],
      [`producer-time:${new Date(fourth.producerTimestampMs).toISOString()}`, 3],
      [`server-time:${seconds(fourth.serverTimestampMs)}`, 3],
    ]
    const found = []
    for (const [start] of starts) found.push(started((await get('--start', start)).stdout))
    assert.deepEqual(
      found,
      starts.map(([, first]) => all.slice(first)),
    )
  })

  it('writes rows for people, and the summary to standard error', async () => {
    const { stdout, stderr } = await getmedia(
      ['get', 'door', '--start', 'earliest', '--until', 'caught-up'],
      {
        env: serviceEnvironment(emulator.url),
      },
    )
    assert.match(stdout, /^(…\d{15} {2}\d{4}-.* {2}5[23] frames {2}.* kB {2}\d+ ms behind\n){10}$/)
    assert.match(stderr, /frames of track 1 │ 320 {2}\(video V_MPEG4\/ISO\/AVC/)
    assert.match(stderr, /reconnects +│ 1 /)
  })

  it('ends cleanly with the summary on SIGINT', async () => {
    let isSent = false
    const { exitCode, stderr } = await getmedia(['get', 'door', '--start', 'earliest', '--json'], {
      env: serviceEnvironment(emulator.url),
      onOutput: (stdout, kill) => {
        if (isSent || !stdout.includes('fragment-end')) return
        isSent = true
        kill('SIGINT')
      },
    })
    assert.equal(exitCode, 0)
    assert.match(stderr, /fragments/)
  })

  it('fails with one line for a stream that is not there', async () => {
    const { exitCode, stdout, stderr } = await getmedia(['get', 'attic', '--json'], {
      env: serviceEnvironment(emulator.url),
    })
    assert.deepEqual([exitCode, stdout], [1, ''])
    assert.match(stderr, /getmedia: .*ResourceNotFoundException.*\(request [0-9a-f-]{36}\)/)
  })

  it('gives up after --max-attempts', async () => {
    emulator.faults(
      'door',
      Array.from({ length: 3 }, () => ({ type: 'throttle' as const })),
    )
    const { exitCode, stderr } = await get('--max-attempts', '3')
    const left = emulator.pendingFaults('door')
    emulator.clearFaults()
    assert.deepEqual([exitCode, left], [1, 0])
    assert.match(stderr, /ClientLimitExceededException/)
  })

  it('makes files, in place of rows, that hold every frame', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'getmedia-get-'))
    const [mkv, tags] = [join(directory, 'door.mkv'), join(directory, 'tags.csv')]
    const args = ['get', 'door', '--start', 'earliest', '--until', 'caught-up', '--mkv', mkv, '--tags', tags]
    const { exitCode, stdout } = await getmedia(args, { env: serviceEnvironment(emulator.url) })
    const found = framesOf(jsonLines((await getmedia(['inspect', mkv, '--json', '--hash'])).stdout))
    const rows = (await readFile(tags, 'utf8')).trim().split('\r\n')
    const names = await readdir(directory)
    await rm(directory, { recursive: true })
    const hashes = (lines: readonly Line[]) => lines.map(({ track, sha1 }) => [track, sha1])
    assert.deepEqual([exitCode, stdout, names.toSorted()], [0, '', ['door.mkv', 'tags.csv']])
    assert.deepEqual([rows.length, hashes(found)], [11, hashes(clipFrames)])
  })

  it('finishes its files when it is interrupted', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'getmedia-get-'))
    const mkv = join(directory, 'door.mkv')
    let isSent = false
    const { exitCode } = await getmedia(['get', 'door', '--start', 'earliest', '--mkv', mkv, '--tags', '-'], {
      env: serviceEnvironment(emulator.url),
      onOutput: (stdout, kill) => {
        if (isSent || stdout.split('\n').length < 10) return
        isSent = true
        kill('SIGINT')
      },
    })
    const { exitCode: inspected, stdout } = await getmedia(['inspect', mkv, '--json'])
    const names = await readdir(directory)
    await rm(directory, { recursive: true })
    assert.deepEqual([exitCode, inspected, names], [0, 0, ['door.mkv']])
    assert.notEqual(framesOf(jsonLines(stdout)).length, 0)
  })

  const wrongUsages: [what: string, args: string[]][] = [
    ['an unknown start', ['get', 'door', '--start', 'yesterday']],
    ['a time in milliseconds', ['get', 'door', '--start', 'server-time:1700000000000']],
    ['a fragment number that is none', ['get', 'door', '--start', 'after:x1']],
    ['an idle timeout that is none', ['get', 'door', '--idle-timeout', 'soon']],
    ['an admission timeout that is none', ['get', 'door', '--admission-timeout', 'soon']],
    ['no stream', ['get']],
    ['a stream name that cannot be', ['get', 'my door']],
    ['an unknown option', ['get', 'door', '--fast']],
    ['an unknown command', ['fetch', 'door']],
    ['rows beside files', ['get', 'door', '--json', '--tags', 't']],
    ['hashes of no rows', ['get', 'door', '--hash']],
    ['a policy for no output', ['get', 'door', '--when-slow', 'mkv=drop', '--tags', 't']],
  ]
  it('says which flags cannot be combined, and shows no value that nobody gave', async () => {
    const { stderr } = await getmedia(['get', 'door', '--json', '--mkv', 'a.mkv'])
    assert.equal(
      stderr,
      'getmedia: `--json` must not be combined with --mkv: it prints rows, and outputs write files\n',
    )
  })

  for (const [what, args] of wrongUsages) {
    it(`exits with 2 for ${what}`, async () => {
      const { exitCode, stdout, stderr } = await getmedia(args, { env: serviceEnvironment(emulator.url) })
      assert.deepEqual([exitCode, stdout], [2, ''])
      assert.notEqual(stderr, '')
    })
  }
})

/** A service that answers GetMedia by the start selector's type, with its own endpoint. */
function scripted(answer: (selector: Record<string, string>) => Uint8Array | undefined): Handler {
  return ({ path, json, headers }, response) => {
    if (path === '/getDataEndpoint') {
      response.end(JSON.stringify({ DataEndpoint: `http://${headers.host}` }))
      return
    }
    response.end(answer((json as { StartSelector: Record<string, string> }).StartSelector))
  }
}

describe('getmedia get, when media is missing,', () => {
  const get = (url: string, ...args: string[]) =>
    getmedia(['get', 'door', '--start', 'earliest', '--until', 'caught-up', ...args], {
      env: serviceEnvironment(url),
    })

  it('says what on standard error, goes on to the end, and exits with 3', async () => {
    let sessions = 0
    const handler = scripted(({ StartSelectorType, ContinuationToken }) => {
      if (sessions++ === 0) return fragment({ number: '1' })
      if (ContinuationToken === '4') return Buffer.alloc(0)
      // Fragments 2 and 3 have left the stream before the second session.
      return StartSelectorType === 'SERVER_TIMESTAMP' || StartSelectorType === 'EARLIEST'
        ? fragment({ number: '4', timestamp: 9000 })
        : errorChunk({ id: 4000, code: 'FRAGMENT_NOT_FOUND' })
    })
    await withServer(handler, async ({ url }) => {
      const { exitCode, stdout, stderr } = await get(url, '--json')
      const lines = jsonLines(stdout)
      assert.deepEqual(
        lines.filter(({ event }) => event === 'fragment-end').map(({ fragmentNumber }) => fragmentNumber),
        ['1', '4'],
      )
      assert.equal(lines.filter(({ event }) => event === 'gap').length, 1)
      assert.match(stderr, /^getmedia: media between fragments 1 and 4 /m)
      assert.equal(exitCode, 3)
    })
  })
})

describe('getmedia get against a service that breaks every session', () => {
  it('gives every frame once, in order, and never calls more than 5 times in a second', async () => {
    const { exitCode, lines, mostCallsInASecond, faultsLeft } = await runThroughFaults(EVERY_FAULT)
    assert.deepEqual([exitCode, faultsLeft], [0, 0])
    assert.deepEqual(framesOf(lines), clipFrames)
    assert.ok(mostCallsInASecond <= 5, `${mostCallsInASecond} calls in a second`)
  })

  it('opens and ends each fragment once', async () => {
    const { lines } = await runThroughFaults(EVERY_FAULT.slice(0, 4))
    const order = lines
      .filter(({ event }) => event !== 'frame')
      .map(({ event, fragmentNumber }) => [event, fragmentNumber])
    const numbers = order.filter(([event]) => event === 'fragment').map(([, number]) => number)
    assert.equal(new Set(numbers).size, 10)
    assert.deepEqual(
      order,
      numbers.flatMap(number => [
        ['fragment', number],
        ['fragment-end', number],
      ]),
    )
  })
})
