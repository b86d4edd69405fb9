import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type CliResult, getmedia, jsonLines } from '../support/cli.ts'
import { CLIP, serviceEnvironment } from '../support/fault-run.ts'

type Ready = {
  readonly url: string
  readonly streams: readonly { readonly name: string; readonly fragments: number }[]
}

/** Runs the service until `use` is done with it, then ends it as Ctrl-C does. */
async function withService(
  args: readonly string[],
  use: (ready: Ready) => Promise<void>,
): Promise<CliResult> {
  let used: Promise<void> | undefined
  const result = await getmedia(['emulator', '--json', ...args], {
    onOutput: (stdout, kill) => {
      if (used !== undefined || !stdout.includes('\n')) return
      used = use(jsonLines(stdout.slice(0, stdout.indexOf('\n')))[0] as unknown as Ready).finally(() =>
        kill('SIGINT'),
      )
    },
  })
  await used
  return result
}

describe('getmedia emulator', () => {
  let directory: string

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'getmedia-emulator-'))
  })

  after(() => rm(directory, { recursive: true }))

  const get = (url: string, ...args: string[]) =>
    getmedia(['get', 'door', '--start', 'earliest', '--until', 'caught-up', '--json', ...args], {
      env: serviceEnvironment(url),
    })
  const frames = ({ stdout }: CliResult) => jsonLines(stdout).filter(({ event }) => event === 'frame').length

  it('serves a file until Ctrl-C, and writes a line for each request', async () => {
    let found = 0
    const { exitCode, stdout } = await withService(
      ['--stream', `door=${CLIP}`, '--idle-end', '100ms'],
      async ({ url }) => {
        found = frames(await get(url))
      },
    )
    const operations = jsonLines(stdout).flatMap(({ event, operation }) =>
      event === 'request' ? [operation] : [],
    )
    assert.deepEqual([exitCode, found], [0, 521])
    assert.deepEqual(operations.slice(0, 2), ['GetDataEndpoint', 'GetMedia'])
  })

  it('keeps streams and media in --data, over a restart', async () => {
    const data = join(directory, 'data')
    await withService(['--data', data, '--stream', `door=${CLIP}`], async () => {})
    let found = 0
    let streams: Ready['streams'] = []
    await withService(['--data', data, '--idle-end', '100ms'], async ready => {
      streams = ready.streams
      found = frames(await get(ready.url))
    })
    assert.deepEqual([streams.map(({ name, fragments }) => [name, fragments]), found], [[['door', 10]], 521])
  })

  it('breaks sessions as its options and a plan in a file say, and nothing is lost', async () => {
    const plan = join(directory, 'faults.json')
    await writeFile(
      plan,
      JSON.stringify({ door: { faults: [{ type: 'cut-in-block', block: 9 }, { type: 'throttle' }] } }),
    )
    let found = 0
    const first = ['--fault', 'door={"type":"error-tag","id":5000}']
    const args = ['--stream', `door=${CLIP}`, '--idle-end', '100ms', ...first, '--faults', plan]
    const { stdout } = await withService(args, async ({ url }) => {
      found = frames(await get(url))
    })
    const faults = jsonLines(stdout).flatMap(({ fault }) => (typeof fault === 'string' ? [fault] : []))
    assert.deepEqual([faults, found], [['error-tag', 'cut-in-block', 'throttle'], 521])
  })

  const wrongUsages: [what: string, args: string[]][] = [
    ['a stream without a file', ['--stream', 'door']],
    ['a port that is none', ['--port', '70000']],
    ['credentials without a secret', ['--credentials', 'me']],
    ['a fault that is none', ['--fault', 'door={"type":"earthquake"}']],
    ['a fault that is no JSON', ['--fault', 'door=throttle']],
    ['a stream name that cannot be', ['--stream', `my door=${CLIP}`]],
  ]
  for (const [what, args] of wrongUsages) {
    it(`exits with 2 for ${what}`, async () => {
      const { exitCode, stdout } = await getmedia(['emulator', ...args])
      assert.deepEqual([exitCode, stdout], [2, ''])
    })
  }
})
