import type { CapParams } from '../contenders/cap.ts'
import { CLIP } from '../fixtures/clip.ts'
import { startService, stopAll } from '../harness/child.ts'
import { STEADY_HEAP } from '../harness/cpu.ts'
import type { Bench, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples, slope } from '../harness/statistics.ts'
import { figure, spread } from '../harness/table.ts'
import {
  PAYLOAD_SERVICE,
  type PayloadServiceParams,
  type PayloadServiceReady,
} from '../services/payload-service-params.ts'

const CAP = 25_000_000
const STEPS = [1, 5, 10, 15, 20, 25, 30, 35, 40]
const JOB = 'getmedia'
const HELD = 0.99

/** One process with more and more sessions at 25 MB/s. The service paces them from another process. */
export const cap: Question = {
  name: 'cap',
  asks: 'How many sessions at the cap does one process hold?',
  rounds: 1,
  prepare,
  report,
}

async function prepare({ build }: Bench): Promise<Prepared> {
  const params: PayloadServiceParams = { media: 'video-8k', clip: CLIP, bytesPerSecond: CAP }
  const service = await startService<PayloadServiceReady>(build, PAYLOAD_SERVICE, params)
  const { url } = service.ready
  const job = {
    id: JOB,
    module: 'benchmarks/contenders/cap.ts',
    params: { url, capBytesPerSecond: CAP, steps: STEPS, settleMs: 800, windowMs: 1600 } satisfies CapParams,
    usesLibrary: true,
    nodeOptions: STEADY_HEAP,
  }
  return { jobs: [job], [Symbol.asyncDispose]: () => stopAll([service]) }
}

function report(runs: readonly Run[]): Report {
  const steps = STEPS.map(sessions => ({
    sessions,
    samples: new Samples(runs, JOB, String(sessions)),
  })).filter(({ samples }) => samples.isMeasured)
  const held = steps.filter(({ samples }) => samples.median('minShare') >= HELD)
  const most = Math.max(0, ...held.map(({ sessions }) => sessions))
  const rss = held.map(({ sessions, samples }) => [sessions, samples.median('peakRssBytes') / 1e6] as const)
  const perSessionMb = rss.length < 2 ? Number.NaN : slope(rss)
  const curve = (metric: string, scale: number) =>
    steps.map(
      ({ sessions, samples }) => [sessions, Number((samples.median(metric) * scale).toPrecision(4))] as const,
    )
  return {
    tables: [
      {
        title: 'Sessions of 25 MB/s each, 8 KB frames, in one process',
        head: [
          'sessions',
          'slowest: % of the cap',
          'CPU cores',
          'the service’s cores',
          'peak RSS MB',
          'event-loop delay p50 ms',
          'p99 ms',
        ],
        rows: steps.map(({ sessions, samples }) => [
          String(sessions),
          spread(
            100 * samples.median('minShare'),
            samples.values('minShare').map(share => 100 * share),
          ),
          figure(samples.median('cpuCores')),
          figure(samples.median('serviceCores')),
          figure(samples.median('peakRssBytes') / 1e6),
          figure(samples.median('delayP50Ms')),
          figure(samples.median('delayP99Ms')),
        ]),
      },
    ],
    targets: [
      {
        what: 'sessions at 99 % of the cap in one process',
        goal: '≥ 25',
        found: String(most),
        isReached: most >= 25,
      },
      {
        what: 'memory for each further session there',
        goal: '≤ 6 MB',
        found: `${figure(perSessionMb)} MB`,
        isReached: perSessionMb <= 6,
      },
    ],
    chart: {
      title: 'More and more sessions at 25 MB/s in one process',
      kind: 'curves',
      valueName: '% or MB or ms',
      xName: 'sessions',
      series: [
        { name: 'slowest session, % of the cap', values: curve('minShare', 100) },
        { name: 'CPU, % of a core', values: curve('cpuCores', 100) },
        { name: 'the service’s CPU, % of a core', values: curve('serviceCores', 100), isLimit: true },
        { name: 'peak RSS, MB', values: curve('peakRssBytes', 1e-6) },
        { name: 'event-loop delay p99, ms', values: curve('delayP99Ms', 1) },
      ],
    },
  }
}
