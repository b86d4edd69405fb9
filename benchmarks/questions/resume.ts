import type { ResumeParams } from '../contenders/resume.ts'
import { CLIP } from '../fixtures/clip.ts'
import { chartValue } from '../harness/chart.ts'
import { startService, stopAll } from '../harness/child.ts'
import type { Bench, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { count, figure, spread } from '../harness/table.ts'
import type { CuttingServiceParams, CuttingServiceReady } from '../services/cutting-service.ts'

const CUTS = 8
/** More than the 200 ms that five calls a second leave to each. */
const CUT_AFTER_MS = 250
const READERS = {
  getmedia: '`getMedia()`: the next new frame (ours)',
  'node:http': 'node:http: connected again, the first bytes',
} as const
const NAMES = ['node:http', 'getmedia'] as const

/** The back-off is drawn as 0 ms here, so that all else shows. */
export const resume: Question = {
  name: 'resume',
  asks: 'How long is a reader without frames when the connection breaks?',
  rounds: 2,
  prepare,
  report,
}

async function prepare({ build }: Bench): Promise<Prepared> {
  const params: CuttingServiceParams = { clip: CLIP, cutAfterMs: CUT_AFTER_MS }
  const module = 'benchmarks/services/cutting-service.ts'
  const service = await startService<CuttingServiceReady>(build, module, params)
  const { url } = service.ready
  const jobs = NAMES.map(reader => ({
    id: reader,
    module: 'benchmarks/contenders/resume.ts',
    params: { reader, url, cuts: CUTS, frameBytes: 8000 } satisfies ResumeParams,
    usesLibrary: reader === 'getmedia',
  }))
  return { jobs, [Symbol.asyncDispose]: () => stopAll([service]) }
}

function report(runs: readonly Run[]): Report {
  const ours = new Samples(runs, 'getmedia', 'all')
  const longest = Math.max(...ours.values('maxMs'))
  return {
    tables: [
      {
        title: `From a broken connection to what is new, ${CUTS} cuts a round; back-off 0 ms`,
        head: ['', 'median ms', 'p90 ms', 'longest ms', 'bytes fetched twice, each cut'],
        rows: NAMES.map(reader => {
          const samples = new Samples(runs, reader, 'all')
          const cell = (metric: string) => spread(samples.median(metric), samples.values(metric))
          const twice = reader === 'getmedia' ? count(samples.median('bytesTwicePerCut')) : '–'
          return [READERS[reader], cell('medianMs'), cell('p90Ms'), cell('maxMs'), twice]
        }),
      },
    ],
    targets: [
      {
        what: 'resume on loopback beyond the back-off: the longest',
        goal: '< 50 ms',
        found: `${figure(longest)} ms`,
        isReached: longest < 50,
      },
    ],
    chart: {
      title: 'From a broken connection to what is new (shorter is better)',
      kind: 'bars',
      valueName: 'milliseconds',
      categories: ['median', 'p90', 'longest'],
      series: NAMES.map(reader => ({
        name: READERS[reader].replaceAll('`', ''),
        values: ['medianMs', 'p90Ms', 'maxMs'].map(metric =>
          chartValue(new Samples(runs, reader, 'all').median(metric)),
        ),
      })),
    },
  }
}
