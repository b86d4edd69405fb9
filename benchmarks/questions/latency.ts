import type { LatencyParams } from '../contenders/latency.ts'
import { chartValue } from '../harness/chart.ts'
import { startService, stopAll } from '../harness/child.ts'
import { STEADY_HEAP } from '../harness/cpu.ts'
import type { Bench, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { count, figure, spread } from '../harness/table.ts'
import type { StampedServiceParams, StampedServiceReady } from '../services/stamped-service.ts'

const LOADS: Readonly<Record<string, StampedServiceParams & { readonly title: string }>> = {
  // The busier one first: it makes the code warm.
  cap: { title: 'at the cap: 8 KB frames, 3,125 a second', frameBytes: 8000, framesPerSecond: 3125 },
  idle: { title: 'idle: 1 KB frames, 200 a second', frameBytes: 1000, framesPerSecond: 200 },
}
const READERS = {
  getmedia: '`getMedia()`: the frame’s event (ours)',
  'node:http': 'node:http: its last byte',
  socket: 'a bare socket: its last byte',
} as const
type Reader = keyof typeof READERS
const READER_NAMES = Object.keys(READERS) as Reader[]

/** Time from the write of a frame's last byte to the frame; both processes read the same clock. */
export const latency: Question = {
  name: 'latency',
  asks: 'How long after its last byte is a frame there?',
  rounds: 3,
  takesTurns: true,
  prepare,
  report,
}

async function prepare({ build }: Bench): Promise<Prepared> {
  const services = await Promise.all(
    Object.entries(LOADS).map(async ([name, { frameBytes, framesPerSecond }]) => {
      const params: StampedServiceParams = { frameBytes, framesPerSecond }
      const service = await startService<StampedServiceReady>(
        build,
        'benchmarks/services/stamped-service.ts',
        params,
      )
      return { name, frameBytes, service }
    }),
  )
  const jobs = READER_NAMES.map(reader => ({
    id: reader,
    module: 'benchmarks/contenders/latency.ts',
    params: {
      reader,
      services: Object.fromEntries(services.map(({ name, service }) => [name, service.ready])),
      frameBytes: Object.fromEntries(services.map(({ name, frameBytes }) => [name, frameBytes])),
      // A session lasts 45 minutes: in its first seconds its code is still being compiled.
      warmUpMs: { first: 3000, each: 300 },
      measuredMs: 800,
    } satisfies LatencyParams,
    usesLibrary: reader === 'getmedia',
    nodeOptions: STEADY_HEAP,
  }))
  return { jobs, [Symbol.asyncDispose]: () => stopAll(services.map(({ service }) => service)) }
}

function report(runs: readonly Run[]): Report {
  const atCap = new Samples(runs, 'getmedia', 'cap').median('p99Ms')
  const ofSocket = new Samples(runs, 'socket', 'cap').median('p99Ms')
  const loads = Object.keys(LOADS)
  return {
    tables: loads.map(load => ({
      title: LOADS[load]!.title,
      head: ['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'longest ms', 'frames'],
      rows: READER_NAMES.map(reader => {
        const samples = new Samples(runs, reader, load)
        const cell = (metric: string) => spread(samples.median(metric), samples.values(metric))
        const frames = count(samples.values('frames').reduce((sum, value) => sum + value, 0))
        return [READERS[reader], cell('p50Ms'), cell('p99Ms'), cell('p999Ms'), cell('maxMs'), frames]
      }),
    })),
    targets: [
      {
        what: 'latency: p99 at the cap, from a frame’s last byte to its event',
        goal: '< 2 ms',
        found: `${figure(atCap)} ms (a bare socket: ${figure(ofSocket)} ms)`,
        isReached: atCap < 2,
      },
    ],
    chart: {
      title: 'From a frame’s last byte to the frame (shorter is better)',
      kind: 'bars',
      valueName: 'milliseconds, logarithmic',
      isLogarithmic: true,
      categories: ['p50', 'p99', 'p99.9'],
      series: loads.flatMap(load =>
        READER_NAMES.map(reader => {
          const samples = new Samples(runs, reader, load)
          return {
            name: `${reader === 'getmedia' ? 'getMedia()' : reader}, ${load}`,
            values: ['p50Ms', 'p99Ms', 'p999Ms'].map(metric => chartValue(samples.median(metric))),
          }
        }),
      ),
    },
  }
}
