/**
 * How fast is the local service? `npm run bench -- emulator`
 * Unpaced GetMedia beside a bare socket, durable PutMedia beside a bare file, and whether paced sessions keep the rate.
 * The service runs in a process of its own. Wall time, since two processes share the work.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import type { EmulatorOptions } from '../lib/emulator/index.ts'
import { PutMediaSink } from '../lib/index.ts'
import { cluster, ebmlHeader, info, segmentHead, tracks } from '../spec/support/mkv-builder.ts'
import { machine } from './measure.ts'

const FRAGMENT_BYTES = 2_000_000
const FREE: EmulatorOptions = { limits: 'off', signatures: 'ignore', idleEndMs: 100 }
const ROUNDS = 3

type Setup = { options: EmulatorOptions; fragments: number }

async function withService<T>(setup: Setup, use: (url: string) => Promise<T>): Promise<T> {
  const file = fileURLToPath(new URL('emulator-service.ts', import.meta.url))
  const child = fork(file, [JSON.stringify({ ...setup, fragmentBytes: FRAGMENT_BYTES })], {
    execArgv: ['--import', 'tsx'],
  })
  try {
    const [{ url }] = (await once(child, 'message')) as [{ url: string }]
    return await use(url)
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

type Transfer = { readonly bytes: number; readonly seconds: number }

/** Reads a session for so long, or to its end; the wait at its end does not count. */
function drain(url: string, forMs = Number.POSITIVE_INFINITY): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(`${url}/getMedia`, { method: 'POST', headers }, response => {
      let bytes = 0
      const startedAt = performance.now()
      let lastAt = startedAt
      const finish = () => resolve({ bytes, seconds: (lastAt - startedAt) / 1000 })
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        lastAt = performance.now()
        if (lastAt - startedAt > forMs) response.destroy()
      })
      response.on('close', finish)
      response.on('error', () => {})
    })
    call.on('error', reject)
    call.end(JSON.stringify({ StreamName: 'door', StartSelector: { StartSelectorType: 'EARLIEST' } }))
  })
}

async function bareSocket(totalBytes: number): Promise<Transfer> {
  const piece = Buffer.alloc(1 << 20)
  const server = createServer(socket => {
    let left = Math.ceil(totalBytes / piece.length)
    const send = (): void => {
      while (left-- > 0) if (!socket.write(piece)) return void socket.once('drain', send)
      socket.end()
    }
    send()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const startedAt = performance.now()
  let bytes = 0
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('data', chunk => {
    bytes += chunk.length
  })
  await once(socket, 'close')
  server.close()
  return { bytes, seconds: (performance.now() - startedAt) / 1000 }
}

function* producer(fragments: number): Generator<Buffer> {
  yield Buffer.concat([ebmlHeader(), segmentHead(), info(), tracks()])
  const data = Buffer.alloc(FRAGMENT_BYTES, 7)
  for (let i = 0; i < fragments; i++)
    yield cluster({ timestamp: i * 1000, blocks: [{ keyframe: true, data }] })
}

async function put(url: string, fragments: number): Promise<Transfer> {
  const startedAt = performance.now()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const sink = new PutMediaSink({
    streamName: 'door',
    region: 'us-east-1',
    credentials,
    controlEndpoint: url,
  })
  await pipeline(Readable.from(producer(fragments)), sink)
  return { bytes: fragments * FRAGMENT_BYTES, seconds: (performance.now() - startedAt) / 1000 }
}

/** Synced behind every sixteenth fragment, about as often as a group commit. */
async function bareFile(directory: string, fragments: number): Promise<Transfer> {
  const startedAt = performance.now()
  const file = await open(join(directory, 'bare'), 'w')
  const data = Buffer.alloc(FRAGMENT_BYTES, 7)
  for (let i = 1; i <= fragments; i++) {
    await file.write(data)
    if (i % 16 === 0) await file.datasync()
  }
  await file.datasync()
  await file.close()
  return { bytes: fragments * FRAGMENT_BYTES, seconds: (performance.now() - startedAt) / 1000 }
}

const rate = ({ bytes, seconds }: Transfer): number => bytes / 1e6 / seconds
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

function row(
  table: InstanceType<typeof Table>,
  name: string,
  ours: readonly number[],
  bare: readonly number[],
): void {
  const spread = `${Math.min(...ours).toFixed(0)} to ${Math.max(...ours).toFixed(0)}`
  table.push([
    name,
    median(ours).toFixed(0),
    spread,
    median(bare).toFixed(0),
    (median(ours) / median(bare)).toFixed(2),
  ])
}

console.log(machine())
const table = new Table({
  head: ['', 'MB/s', 'spread', 'bare MB/s', 'ratio'],
  style: { head: [], border: [] },
})
const [got, socket]: [number[], number[]] = [[], []]
await withService({ options: FREE, fragments: 300 }, async url => {
  for (let round = -1; round < ROUNDS; round++) {
    const [ours, bare] = [rate(await drain(url)), rate(await bareSocket(300 * FRAGMENT_BYTES))]
    if (round >= 0) [got.push(ours), socket.push(bare)]
  }
})
row(table, 'GetMedia, unpaced, from memory; a bare socket', got, socket)

const [stored, written]: [number[], number[]] = [[], []]
for (let round = 0; round < ROUNDS; round++) {
  const directory = await mkdtemp(join(tmpdir(), 'getmedia-bench-'))
  const options = { ...FREE, dataDirectory: join(directory, 'data') }
  stored.push(rate(await withService({ options, fragments: 0 }, url => put(url, 150))))
  written.push(rate(await bareFile(directory, 150)))
  await rm(directory, { recursive: true })
}
row(table, 'PutMedia by PutMediaSink, every fragment PERSISTED; a bare file', stored, written)
console.log(table.toString())

const PACED_MS = 10_000
// Not Infinity, which JSON does not have.
const limits = { fragmentsPerSecond: 1e9 }
for (const sessions of [1, 3]) {
  const transfers = await withService({ options: { limits, signatures: 'ignore' }, fragments: 200 }, url =>
    Promise.all(Array.from({ length: sessions }, () => drain(url, PACED_MS))),
  )
  console.log(
    `${sessions} paced for 10 s: ${transfers.map(transfer => rate(transfer).toFixed(2)).join(', ')} MB/s each; the cap is 25`,
  )
}
