/** How long after its last byte was written a frame is there: as an event of `getMedia()`, or as bytes of node:http or of a socket. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getMedia } from '../../lib/index.ts'
import type { Metrics, Turns } from '../harness/question.ts'
import { quantile } from '../harness/statistics.ts'
import type { StampedServiceReady } from '../services/stamped-service.ts'
import { sessionOptions } from './session-options.ts'

export type LatencyParams = {
  readonly reader: 'getmedia' | 'node:http' | 'socket'
  /** By the name of their case. */
  readonly services: Readonly<Record<string, StampedServiceReady>>
  readonly frameBytes: Readonly<Record<string, number>>
  /** How long a reader reads before its first turn counts, and before each. */
  readonly warmUpMs: { readonly first: number; readonly each: number }
  readonly measuredMs: number
}

export async function open(params: LatencyParams): Promise<Turns> {
  let warmUpMs = params.warmUpMs.first
  const turns = Object.entries(params.services).map(([name, service]) => {
    const read = (onFrame: OnFrame) => READERS[params.reader](service, onFrame, params.frameBytes[name]!)
    const turn = async (): Promise<Metrics> => {
      const metrics = await latencies(read, warmUpMs, params.measuredMs)
      warmUpMs = params.warmUpMs.each
      return metrics
    }
    return [name, turn] as const
  })
  return Object.fromEntries(turns)
}

async function latencies(
  read: (onFrame: OnFrame) => () => void,
  warmUpMs: number,
  measuredMs: number,
): Promise<Metrics> {
  let latenciesMs: number[] = []
  const stop = read(stamp => latenciesMs.push(Number(process.hrtime.bigint() - stamp) / 1e6))
  await sleep(warmUpMs)
  latenciesMs = []
  await sleep(measuredMs)
  stop()
  return {
    frames: latenciesMs.length,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    p999Ms: quantile(latenciesMs, 0.999),
    maxMs: Math.max(...latenciesMs),
  }
}

type OnFrame = (stamp: bigint) => unknown

/** Each starts to read; what it gives stops it. */
const READERS: Readonly<
  Record<
    LatencyParams['reader'],
    (service: StampedServiceReady, onFrame: OnFrame, frameBytes: number) => () => void
  >
> = {
  getmedia: ({ url }, onFrame) => readFrames(url, onFrame),

  'node:http'({ url }, onFrame, frameBytes) {
    const call = request(`${url}/records`, { method: 'POST' }, response => {
      response.on('data', records(frameBytes, onFrame))
      response.on('error', () => {})
    })
    call.on('error', () => {})
    call.end()
    return () => call.destroy()
  },

  socket({ port }, onFrame, frameBytes) {
    const socket = connect(port, '127.0.0.1')
    socket.on('data', records(frameBytes, onFrame))
    socket.on('error', () => {})
    return () => socket.destroy()
  },
}

function readFrames(url: string, onFrame: OnFrame): () => void {
  const stream = getMedia(sessionOptions(url))
  stream.on('data', event => {
    if (event.type === 'frame') onFrame(stampOf(event.data))
  })
  stream.on('error', () => {})
  return () => stream.destroy()
}

/** The least that any client does: it knows where the records end, and joins only the eight bytes of their stamps. */
function records(recordBytes: number, onFrame: OnFrame): (chunk: Buffer) => void {
  const stamp = Buffer.alloc(8)
  let position = 0
  return chunk => {
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
}

function stampOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
}
