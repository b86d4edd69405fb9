import type { EmulatorParams } from '../contenders/emulator.ts'
import { chartValue } from '../harness/chart.ts'
import type { Bench, Job, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { figure, spread } from '../harness/table.ts'

const GET_BYTES = 400e6
const PUT_BYTES = 100e6
const PACED_MS = 1500

/** A row of the table, and what it is measured against. */
type Case = { readonly id: string; readonly title: string; readonly limit?: string }

const CASES: readonly Case[] = [
  { id: 'get', title: 'GetMedia, unpaced, from memory', limit: 'socket' },
  { id: 'socket', title: 'a bare socket' },
  { id: 'put', title: 'PutMedia by `PutMediaSink`, each fragment kept on disk', limit: 'file' },
  { id: 'file', title: 'a bare file, synced behind every 16th fragment' },
  { id: 'paced-1', title: 'one paced session; the cap is 25' },
  { id: 'paced-3', title: 'the slowest of three paced sessions' },
]

/** Wall time, since two processes share the work; the CPU time is the service's, and the bare file's own. */
export const emulator: Question = {
  name: 'emulator',
  asks: 'How fast is the local service?',
  rounds: 2,
  prepare,
  report,
}

async function prepare({ directory }: Bench): Promise<Prepared> {
  const job = (id: string, params: EmulatorParams): Job => ({
    id,
    module: 'benchmarks/contenders/emulator.ts',
    params,
    usesLibrary: id !== 'socket' && id !== 'file',
  })
  const jobs = [
    job('get', { what: 'get', bytes: GET_BYTES }),
    job('socket', { what: 'socket', bytes: GET_BYTES }),
    job('put', { what: 'put', bytes: PUT_BYTES, directory }),
    job('file', { what: 'file', bytes: PUT_BYTES, directory }),
    job('paced-1', { what: 'paced', sessions: 1, forMs: PACED_MS }),
    job('paced-3', { what: 'paced', sessions: 3, forMs: PACED_MS }),
  ]
  return { jobs, [Symbol.asyncDispose]: async () => {} }
}

function report(runs: readonly Run[]): Report {
  const rate = (id: string) => new Samples(runs, id, 'all').median('mbPerSecond')
  return {
    tables: [
      {
        title: 'Fragments of 2 MB; the client is a process of its own',
        head: ['', 'MB/s', 'of the limit', 'CPU s/GB'],
        rows: CASES.map(({ id, title, limit }) => {
          const samples = new Samples(runs, id, 'all')
          if (samples.error !== undefined) return [title, 'failed', samples.error, '–']
          return [
            title,
            spread(samples.median('mbPerSecond'), samples.values('mbPerSecond')),
            limit === undefined ? '–' : figure(rate(id) / rate(limit)),
            figure(samples.median('cpuSecondsPerGb')),
          ]
        }),
      },
    ],
    targets: [],
    chart: {
      title: 'The local service (longer is better)',
      kind: 'bars',
      valueName: 'MB/s, logarithmic',
      isLogarithmic: true,
      categories: CASES.map(({ title }) => title.replaceAll('`', '')),
      series: [{ name: 'MB/s', values: CASES.map(({ id }) => chartValue(rate(id))) }],
    },
  }
}
