/** How fast the local service gives and takes, and the least that a socket or a file takes. */
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { EmulatorOptions } from '../../lib/emulator/index.ts'
import { PutMediaSink } from '../../lib/index.ts'
import { cluster, ebmlHeader, info, segmentHead, tracks } from '../../spec/support/mkv-builder.ts'
import { OWN_BUILD } from '../harness/build.ts'
import { type Service, startService } from '../harness/child.ts'
import { cpuMs } from '../harness/cpu.ts'
import type { Metrics, Results } from '../harness/question.ts'
import type { EmulatorServiceParams } from '../services/emulator-service.ts'

export type EmulatorParams =
  | { readonly what: 'get' | 'socket'; readonly bytes: number }
  | { readonly what: 'put' | 'file'; readonly bytes: number; readonly directory: string }
  | { readonly what: 'paced'; readonly sessions: number; readonly forMs: number }

const FRAGMENT_BYTES = 2_000_000
const FREE: EmulatorOptions = { limits: 'off', signatures: 'ignore', idleEndMs: 100 }
// Not Infinity, which does not pass between processes.
const PACED: EmulatorOptions = { limits: { fragmentsPerSecond: 1e9 }, signatures: 'ignore' }

export async function run(params: EmulatorParams): Promise<Results> {
  switch (params.what) {
    case 'get':
      return { all: await fromMemory(params.bytes) }
    case 'socket':
      return { all: await fromSocket(params.bytes) }
    case 'put':
      return { all: await durable(params.bytes, params.directory) }
    case 'file':
      return { all: await toFile(params.bytes, params.directory) }
    case 'paced':
      return { all: await paced(params.sessions, params.forMs) }
  }
}

function emulator(options: EmulatorOptions, bytes: number): Promise<Service<string>> {
  const params: EmulatorServiceParams = {
    options,
    fragments: Math.ceil(bytes / FRAGMENT_BYTES),
    fragmentBytes: FRAGMENT_BYTES,
  }
  return startService<string>(OWN_BUILD, 'benchmarks/services/emulator-service.ts', params)
}

async function fromMemory(bytes: number): Promise<Metrics> {
  await using service = await emulator(FREE, bytes)
  await drain(service.ready)
  return await transfer(service, () => drain(service.ready))
}

async function fromSocket(bytes: number): Promise<Metrics> {
  const params = { bytes }
  await using service = await startService<number>(OWN_BUILD, 'benchmarks/services/bare-socket.ts', params)
  await drainSocket(service.ready)
  return await transfer(service, () => drainSocket(service.ready))
}

async function durable(bytes: number, directory: string): Promise<Metrics> {
  const dataDirectory = await mkdtemp(join(directory, 'data-'))
  await using service = await emulator({ ...FREE, dataDirectory }, 0)
  const metrics = await transfer(service, async () => {
    const startedAt = performance.now()
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const sink = new PutMediaSink({
      streamName: 'door',
      region: 'us-east-1',
      credentials,
      controlEndpoint: service.ready,
    })
    await pipeline(Readable.from(producer(bytes / FRAGMENT_BYTES)), sink)
    return { bytes, ms: performance.now() - startedAt }
  })
  await rm(dataDirectory, { recursive: true })
  return metrics
}

/** Synced behind every sixteenth fragment, about as often as a group commit. */
async function toFile(bytes: number, directory: string): Promise<Metrics> {
  const path = join(directory, 'bare')
  const data = Buffer.alloc(FRAGMENT_BYTES, 7)
  const [startedAt, before] = [performance.now(), process.cpuUsage()]
  const file = await open(path, 'w')
  for (let index = 1; index <= bytes / FRAGMENT_BYTES; index++) {
    await file.write(data)
    if (index % 16 === 0) await file.datasync()
  }
  await file.datasync()
  await file.close()
  const ms = performance.now() - startedAt
  await rm(path)
  return { mbPerSecond: bytes / 1000 / ms, cpuSecondsPerGb: (cpuMs(before) / bytes) * 1e6 }
}

async function paced(sessions: number, forMs: number): Promise<Metrics> {
  await using service = await emulator(PACED, 2 * sessions * 25_000 * forMs)
  const before = await service.cpuMs()
  const transfers = await Promise.all(Array.from({ length: sessions }, () => drain(service.ready, forMs)))
  const rates = transfers.map(({ bytes, ms }) => bytes / 1000 / ms)
  const sum = transfers.reduce((total, { bytes }) => total + bytes, 0)
  return {
    mbPerSecond: Math.min(...rates),
    fastestMbPerSecond: Math.max(...rates),
    cpuSecondsPerGb: (((await service.cpuMs()) - before) / sum) * 1e6,
  }
}

type Transfer = { readonly bytes: number; readonly ms: number }

async function transfer(service: Service<unknown>, use: () => Promise<Transfer>): Promise<Metrics> {
  const before = await service.cpuMs()
  const { bytes, ms } = await use()
  const usedMs = (await service.cpuMs()) - before
  return { mbPerSecond: bytes / 1000 / ms, cpuSecondsPerGb: (usedMs / bytes) * 1e6 }
}

/** Reads a session for so long, or to its end; the wait at its end does not count. */
function drain(url: string, forMs = Number.POSITIVE_INFINITY): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(`${url}/getMedia`, { method: 'POST', headers }, response => {
      let bytes = 0
      const startedAt = performance.now()
      let lastAt = startedAt
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        lastAt = performance.now()
        if (lastAt - startedAt > forMs) response.destroy()
      })
      response.on('close', () => resolve({ bytes, ms: lastAt - startedAt }))
      response.on('error', () => {})
    })
    call.on('error', reject)
    call.end(JSON.stringify({ StreamName: 'door', StartSelector: { StartSelectorType: 'EARLIEST' } }))
  })
}

async function drainSocket(port: number): Promise<Transfer> {
  const startedAt = performance.now()
  let bytes = 0
  const socket = connect(port, '127.0.0.1')
  socket.on('data', chunk => {
    bytes += chunk.length
  })
  await once(socket, 'close')
  return { bytes, ms: performance.now() - startedAt }
}

function* producer(fragments: number): Generator<Buffer> {
  yield Buffer.concat([ebmlHeader(), segmentHead(), info(), tracks()])
  const data = Buffer.alloc(FRAGMENT_BYTES, 7)
  for (let index = 0; index < fragments; index++)
    yield cluster({ timestamp: index * 1000, blocks: [{ keyframe: true, data }] })
}
