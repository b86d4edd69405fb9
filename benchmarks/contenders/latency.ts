/** How long after its last byte was written a frame is there: as an event of `getMedia()`, or as bytes of node:http. */
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { getMedia } from '../../lib/index.ts'
import type { Results } from '../harness/question.ts'
import { quantile } from '../harness/statistics.ts'
import { sessionOptions } from './session-options.ts'

export type LatencyParams = {
  readonly reader: 'getmedia' | 'node:http'
  /** Services by the name of their case. */
  readonly urls: Readonly<Record<string, string>>
  readonly frameBytes: Readonly<Record<string, number>>
  readonly warmUpMs: number
  readonly measuredMs: number
}

export async function run(params: LatencyParams): Promise<Results> {
  const results: Record<string, Results[string]> = {}
  for (const [name, url] of Object.entries(params.urls)) {
    let latenciesMs: number[] = []
    const onFrame = (stamp: bigint): void => {
      latenciesMs.push(Number(process.hrtime.bigint() - stamp) / 1e6)
    }
    const stop =
      params.reader === 'getmedia'
        ? readFrames(url, onFrame)
        : readRecords(url, params.frameBytes[name]!, onFrame)
    await sleep(params.warmUpMs)
    latenciesMs = []
    await sleep(params.measuredMs)
    stop()
    results[name] = {
      frames: latenciesMs.length,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      p999Ms: quantile(latenciesMs, 0.999),
      maxMs: Math.max(...latenciesMs),
    }
  }
  return results
}

type OnFrame = (stamp: bigint) => void

function readFrames(url: string, onFrame: OnFrame): () => void {
  const stream = getMedia(sessionOptions(url))
  stream.on('data', event => {
    if (event.type === 'frame') onFrame(stampOf(event.data))
  })
  stream.on('error', () => {})
  return () => stream.destroy()
}

/** The least that any client does: it knows where the records end, and joins only the eight bytes of their stamps. */
function readRecords(url: string, recordBytes: number, onFrame: OnFrame): () => void {
  const stamp = Buffer.alloc(8)
  let position = 0
  const onChunk = (chunk: Buffer): void => {
    for (let offset = 0; offset < chunk.length; ) {
      if (position < stamp.length) chunk.copy(stamp, position, offset, offset + stamp.length - position)
      const taken = Math.min(chunk.length - offset, recordBytes - position)
      offset += taken
      position += taken
      if (position === recordBytes) {
        position = 0
        onFrame(stampOf(stamp))
      }
    }
  }
  const call = request(`${url}/records`, { method: 'POST' }, response => {
    response.on('data', onChunk)
    response.on('error', () => {})
  })
  call.on('error', () => {})
  call.end()
  return () => call.destroy()
}

function stampOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
}
