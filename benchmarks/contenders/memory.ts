/** The memory of one process: over a long payload, while its consumer stands still, and with many sessions. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { getMedia } from '../../lib/index.ts'
import type { Results } from '../harness/question.ts'
import { loadOf } from '../services/payload-service-params.ts'
import { PeakMemory } from './peak-memory.ts'
import { sessionOptions } from './session-options.ts'

export type MemoryParams =
  | {
      readonly what: 'payload'
      readonly reader: 'getmedia' | 'got'
      readonly url: string
      readonly bytes: number
    }
  | { readonly what: 'stall'; readonly url: string; readonly bytesBefore: number; readonly stallMs: number }
  | { readonly what: 'sessions'; readonly url: string; readonly sessions: number; readonly forMs: number }

export async function run(params: MemoryParams): Promise<Results> {
  switch (params.what) {
    case 'payload':
      return await overPayload(params)
    case 'stall':
      return await whileStalled(params)
    case 'sessions':
      return await withSessions(params)
  }
}

const SAMPLE_EVERY_BYTES = 100e6

type Source = { readonly onBytes: (listener: () => void) => void; readonly bytes: () => number; stop(): void }

async function overPayload({
  reader,
  url,
  bytes,
}: MemoryParams & { readonly what: 'payload' }): Promise<Results> {
  const memory = new PeakMemory()
  const startedAt = performance.now()
  const source = reader === 'getmedia' ? frames(url) : await drained(url)
  const rssMb: number[] = []
  await new Promise<void>(resolve => {
    source.onBytes(() => {
      if (source.bytes() < (rssMb.length + 1) * SAMPLE_EVERY_BYTES) return
      rssMb.push(Math.round(process.memoryUsage.rss() / 1e5) / 10)
      if (source.bytes() >= bytes) resolve()
    })
  })
  const seconds = (performance.now() - startedAt) / 1000
  source.stop()
  const read = source.bytes()
  return { all: { rssMb, peakRssBytes: memory.stop(), bytes: read, mbPerSecond: read / 1e6 / seconds } }
}

function frames(url: string): Source {
  const stream = getMedia(sessionOptions(url))
  stream.on('error', () => {})
  return {
    onBytes: listener => void stream.on('data', listener),
    bytes: () => stream.metrics.bytes,
    stop: () => stream.destroy(),
  }
}

async function drained(url: string): Promise<Source> {
  const { default: got } = await import('got')
  const stream = got.stream.post(`${url}/getMedia`, { body: '{}' })
  stream.on('error', () => {})
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  return {
    onBytes: listener => void stream.on('data', listener),
    bytes: () => bytes,
    stop: () => stream.destroy(),
  }
}

async function whileStalled({
  url,
  bytesBefore,
  stallMs,
}: MemoryParams & { readonly what: 'stall' }): Promise<Results> {
  const stream = getMedia(sessionOptions(url))
  stream.on('error', () => {})
  stream.on('data', () => {
    if (stream.metrics.bytes >= bytesBefore) stream.pause()
  })
  // The first call loads what it is made with.
  await loadOf(url)
  const before = new PeakMemory()
  await once(stream, 'pause')
  const peakBefore = before.stop()
  const sentBefore = (await loadOf(url)).sentBytes
  const memory = new PeakMemory()
  await sleep(stallMs)
  const grownBytes = memory.stop() - peakBefore
  const sentBytes = (await loadOf(url)).sentBytes - sentBefore
  stream.destroy()
  return { all: { grownBytes, sentBytes, stallMs } }
}

async function withSessions({
  url,
  sessions,
  forMs,
}: MemoryParams & { readonly what: 'sessions' }): Promise<Results> {
  const open = (name: string) => {
    const stream = getMedia(sessionOptions(url, name))
    stream.on('error', () => {})
    stream.on('data', () => {})
    return stream
  }
  const first = open('first')
  await sleep(forMs / 2)
  const memory = new PeakMemory()
  await sleep(forMs / 4)
  const oneBytes = memory.stop()
  const streams = [first, ...Array.from({ length: sessions - 1 }, (_, index) => open(`door-${index}`))]
  await sleep(forMs / 4)
  const all = new PeakMemory()
  await sleep(forMs)
  const peakRssBytes = all.stop()
  const bytes = streams.map(stream => stream.metrics.bytes)
  for (const stream of streams) stream.destroy()
  const perSessionBytes = (peakRssBytes - oneBytes) / (sessions - 1)
  return { all: { sessions, peakRssBytes, perSessionBytes, fewestBytes: Math.min(...bytes) } }
}
