import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SERVICE_FRAGMENT_LIMITS, SERVICE_LIMITS } from '../../../lib/emulator/index.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { type CliResult, getmedia, jsonLines } from '../../support/cli.ts'
import { CLIP, serviceEnvironment } from '../../support/fault-run.ts'
import { requires } from '../../support/requirements.ts'

type Ready = {
  readonly url: string
  readonly localUrl: string
  readonly region: string
  readonly streams: readonly {
    readonly name: string
    readonly region: string | null
    readonly arn: string
    readonly fragments: number
  }[]
}

/** Runs the service until `use` is done with it, then ends it as Ctrl-C does. */
async function withService(
  args: readonly string[],
  use: (ready: Ready) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  let used: Promise<void> | undefined
  const result = await getmedia(['emulator', '--json', ...args], {
    env: { AWS_REGION: '', AWS_DEFAULT_REGION: '', ...env },
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

  it('serves a shell in whichever region, and shows its own', async () => {
    const found: number[] = []
    let ready: Ready | undefined
    const args = ['--stream', `door=${CLIP}`, '--stream', `eu-west-1/gate=${CLIP}`, '--idle-end', '100ms']
    const { stdout } = await withService(
      args,
      async service => {
        ready = service
        for (const AWS_REGION of ['us-west-2', 'eu-west-1']) {
          const env = { ...serviceEnvironment(service.url), AWS_REGION }
          const until = ['--start', 'earliest', '--until', 'caught-up', '--json']
          found.push(frames(await getmedia(['get', 'door', ...until], { env })))
        }
      },
      { AWS_REGION: 'us-west-2' },
    )
    assert.deepEqual(found, [521, 521])
    assert.equal(ready?.region, 'us-west-2')
    assert.deepEqual(
      ready?.streams.map(({ name, region }) => [name, region]),
      [
        ['door', null],
        ['gate', 'eu-west-1'],
      ],
    )
    assert.match(ready?.streams[0]?.arn ?? '', /^arn:aws:kinesisvideo:us-west-2:/)
    const regions = jsonLines(stdout).flatMap(({ operation, region }) =>
      operation === 'GetMedia' ? [region] : [],
    )
    assert.deepEqual([...new Set(regions)], ['us-west-2', 'eu-west-1'])
  })

  it('refuses other regions than --region', async () => {
    let result: CliResult | undefined
    await withService(
      ['--stream', `door=${CLIP}`, '--region', 'eu-west-1'],
      async ({ url, region, streams }) => {
        assert.deepEqual([region, streams[0]?.region], ['eu-west-1', 'eu-west-1'])
        result = await get(url)
      },
    )
    assert.equal(result?.exitCode, 1)
    assert.match(result?.stderr ?? '', /InvalidSignatureException.*valid region: 'eu-west-1'/)
  })

  it('gives clients --advertised-url, and listens elsewhere', async () => {
    let ready: Ready | undefined
    let health: { url?: string } = {}
    await withService(['--advertised-url', 'https://kvs.test:8443/'], async service => {
      ready = service
      health = (await (await fetch(`${service.localUrl}/_emulator/health`)).json()) as typeof health
    })
    assert.deepEqual([ready?.url, health.url], ['https://kvs.test:8443', 'https://kvs.test:8443'])
    assert.match(ready?.localUrl ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('serves HTTPS with --tls-cert and --tls-key', requires('openssl'), async () => {
    const { certPath, keyPath } = await makeCertificate(directory)
    let found = 0
    const tls = ['--tls-cert', certPath, '--tls-key', keyPath]
    await withService([...tls, '--stream', `door=${CLIP}`, '--idle-end', '100ms'], async ({ url }) => {
      assert.match(url, /^https:/)
      const env = { ...serviceEnvironment(url), NODE_EXTRA_CA_CERTS: certPath }
      const until = ['--start', 'earliest', '--until', 'caught-up', '--json']
      found = frames(await getmedia(['get', 'door', ...until], { env }))
    })
    assert.equal(found, 521)
  })

  it('breaks a producer’s sessions as planned, and nothing of its media is lost', async () => {
    const faults = [
      '{"type":"error-ack","errorCode":"INTERNAL_ERROR","afterFragments":2}',
      '{"type":"reset","operation":"PutMedia","atByte":100000}',
      '{"type":"no-last-chunk","afterFragments":3}',
      '{"type":"throttle","operation":"PutMedia"}',
    ]
    const flags = faults.flatMap(fault => ['--fault', `door=${fault}`])
    let put: CliResult | undefined
    let found: Set<unknown> = new Set()
    const args = ['--idle-end', '100ms', '--no-limits', '--no-signatures', ...flags]
    const { stdout } = await withService(args, async ({ url }) => {
      const body = JSON.stringify({ StreamName: 'door', DataRetentionInHours: 1 })
      await fetch(`${url}/createStream`, { method: 'POST', body })
      put = await getmedia(['put', 'door', CLIP, '--json'], { env: serviceEnvironment(url) })
      const lines = jsonLines((await get(url)).stdout).filter(({ event }) => event === 'frame')
      found = new Set(lines.map(({ track, timestampMs }) => `${track} ${timestampMs}`))
    })
    assert.deepEqual([put?.exitCode, found.size], [0, 521])
    const struck = jsonLines(stdout).flatMap(({ operation, fault }) =>
      operation === 'PutMedia' ? [fault] : [],
    )
    assert.deepEqual(struck.slice(0, 4), ['error-ack', 'reset', 'no-last-chunk', 'throttle'])
  })

  it('has a flag for each limit, listed with its default', async () => {
    const { stdout } = await getmedia(['emulator', '--help'])
    const help = stdout.replace(/\s+/g, ' ')
    for (const [name, fallback] of [
      ...Object.entries(SERVICE_LIMITS),
      ...Object.entries(SERVICE_FRAGMENT_LIMITS).map(([name, value]) => [`fragment-${name}`, value] as const),
    ]) {
      const flag = name.replace(/Ms$/, '').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
      assert.match(help, new RegExp(`--limit-${flag} <\\w+> [^-]*\\(default: ${fallback}(ms)?\\)`), flag)
    }
  })

  it('holds to the limits of its flags, also where --no-limits lifts the others', async () => {
    const outcomes: (number | null)[] = []
    const limits = ['--no-limits', '--limit-get-media-sessions', '0']
    await withService(['--stream', `door=${CLIP}`, ...limits], async ({ url }) => {
      const until = ['--start', 'earliest', '--until', 'caught-up', '--max-attempts', '1']
      const { exitCode, stderr } = await getmedia(['get', 'door', ...until], { env: serviceEnvironment(url) })
      outcomes.push(exitCode)
      assert.match(stderr, /ConnectionLimitExceededException/)
    })
    assert.deepEqual(outcomes, [1])
  })

  const wrongUsages: [what: string, args: string[]][] = [
    ['a stream without a file', ['--stream', 'door']],
    ['a port that is none', ['--port', '70000']],
    ['credentials without a secret', ['--credentials', 'me']],
    ['a fault that is none', ['--fault', 'door={"type":"earthquake"}']],
    ['a fault that is no JSON', ['--fault', 'door=throttle']],
    ['a stream name that cannot be', ['--stream', `my door=${CLIP}`]],
    ['a region that cannot be', ['--region', 'Oregon!']],
    ['a stream of another region than --region', ['--region', 'a-1', '--stream', `b-1/door=${CLIP}`]],
    ['a certificate without a key', ['--tls-cert', CLIP]],
    ['a key without a certificate', ['--tls-key', CLIP]],
    ['a certificate that is not there', ['--tls-cert', '/nowhere/cert.pem', '--tls-key', '/nowhere/key.pem']],
    ['a certificate that is not valid', ['--tls-cert', CLIP, '--tls-key', CLIP]],
    ['an advertised URL that is not valid', ['--advertised-url', 'kvs.test:8080']],
    ['an advertised URL that is not http or https', ['--advertised-url', 'ftp://kvs.test']],
    ['a limit that is not a number', ['--limit-get-media-sessions', 'three']],
    ['a limit below zero', ['--limit-put-media-sessions', '-1']],
    ['a limit of an unknown name', ['--limit-cameras', '3']],
    ['a limit of time without a unit', ['--limit-fragment-max-duration', 'long']],
    ['a fault with a member that it does not have', ['--fault', 'door={"type":"cut","atBytes":1}']],
    [
      'a fault for an operation that it cannot strike',
      ['--fault', 'door={"type":"drip","operation":"DescribeStream"}'],
    ],
  ]
  for (const [what, args] of wrongUsages) {
    it(`exits with 2 for ${what}`, async () => {
      const { exitCode, stdout } = await getmedia(['emulator', ...args])
      assert.deepEqual([exitCode, stdout], [2, ''])
    })
  }
})
