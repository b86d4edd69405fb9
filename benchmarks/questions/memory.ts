import type { MemoryParams } from '../contenders/memory.ts'
import { CLIP } from '../fixtures/clip.ts'
import { startService, stopAll } from '../harness/child.ts'
import type { Bench, Job, Prepared, Question, Report, Run, Target } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { count, figure, type Table } from '../harness/table.ts'
import {
  PAYLOAD_SERVICE,
  type PayloadServiceParams,
  type PayloadServiceReady,
} from '../services/payload-service-params.ts'

const PAYLOAD_BYTES = 10e9
/** Enough to see where it settles. */
const DRAINED_BYTES = 2e9
const STALL_MS = 3000
const SESSIONS = 100
/** The curve has a point for each 100 MB; what comes before the first is starting up. */
const POINT_GB = 0.1
const FLAT_MB = 16

/** Resident memory of the client's process. The service is a process of its own. */
export const memory: Question = {
  name: 'memory',
  asks: 'How much memory does it take, and does it stay so?',
  rounds: 1,
  prepare,
  report,
}

async function prepare({ build }: Bench): Promise<Prepared> {
  const start = (params: Partial<PayloadServiceParams>) =>
    startService<PayloadServiceReady>(build, PAYLOAD_SERVICE, { media: 'video-8k', clip: CLIP, ...params })
  const [fast, slow] = [await start({}), await start({ bytesPerSecond: 1_000_000 })]
  const job = (id: string, params: MemoryParams): Job => ({
    id,
    module: 'benchmarks/contenders/memory.ts',
    params,
    usesLibrary: id !== 'got',
  })
  const { url } = fast.ready
  const jobs = [
    job('getmedia', { what: 'payload', reader: 'getmedia', url, bytes: PAYLOAD_BYTES }),
    job('got', { what: 'payload', reader: 'got', url, bytes: DRAINED_BYTES }),
    job('stall', { what: 'stall', url, bytesBefore: 200e6, stallMs: STALL_MS }),
    job('sessions', { what: 'sessions', url: slow.ready.url, sessions: SESSIONS, forMs: 3000 }),
  ]
  return { jobs, [Symbol.asyncDispose]: () => stopAll([fast, slow]) }
}

/** Memory after the first 100 MB, from the lowest to the highest. */
function rangeOf(runs: readonly Run[], reader: string): { readonly low: number; readonly high: number } {
  const points = new Samples(runs, reader, 'all').curves('rssMb').flat()
  return { low: Math.min(...points), high: Math.max(...points) }
}

function report(runs: readonly Run[]): Report {
  return {
    tables: [payloadTable(runs), otherTable(runs)],
    targets: [flatTarget(runs)],
    chart: {
      title: 'Resident memory over a payload of 10 GB',
      kind: 'curves',
      valueName: 'RSS, MB',
      xName: 'GB read',
      series: ['got', 'getmedia'].map(reader => ({
        name: reader === 'got' ? 'got, drained' : 'getMedia(): every frame',
        values: (new Samples(runs, reader, 'all').curves('rssMb')[0] ?? []).map(
          (rss, index) => [Number(((index + 1) * POINT_GB).toFixed(1)), rss] as const,
        ),
      })),
    },
  }
}

function flatTarget(runs: readonly Run[]): Target {
  const { low, high } = rangeOf(runs, 'getmedia')
  return {
    what: `10 GB through \`getMedia()\`: RSS after the first 100 MB`,
    goal: `flat, ± ${FLAT_MB} MB`,
    found: `${figure(low)} to ${figure(high)} MB: ± ${figure((high - low) / 2)} MB`,
    isReached: (high - low) / 2 <= FLAT_MB,
  }
}

function payloadTable(runs: readonly Run[]): Table {
  return {
    title: '10 GB in one session, unpaced, 8 KB frames',
    head: ['', 'peak RSS MB', 'from MB', 'to MB', 'MB/s'],
    rows: [
      ['got, drained, the first 2 GB', 'got'],
      ['`getMedia()`: every frame (ours)', 'getmedia'],
    ].map(([title = '', reader = '']) => {
      const samples = new Samples(runs, reader, 'all')
      const { low, high } = rangeOf(runs, reader)
      return [
        title,
        figure(samples.median('peakRssBytes') / 1e6),
        figure(low),
        figure(high),
        count(samples.median('mbPerSecond')),
      ]
    }),
  }
}

function otherTable(runs: readonly Run[]): Table {
  const [stall, sessions] = [new Samples(runs, 'stall', 'all'), new Samples(runs, 'sessions', 'all')]
  return {
    title: 'A consumer that stands still, and many sessions',
    head: ['', 'MB'],
    rows: [
      [
        `growth while the consumer stands still for ${STALL_MS / 1000} s, the service unpaced`,
        figure(Math.max(0, stall.median('grownBytes') / 1e6)),
      ],
      ['what the service could send meanwhile', figure(stall.median('sentBytes') / 1e6)],
      [`${SESSIONS} sessions of 1 MB/s: peak RSS`, figure(sessions.median('peakRssBytes') / 1e6)],
      ['the same, for each session after the first', figure(sessions.median('perSessionBytes') / 1e6)],
    ],
  }
}
