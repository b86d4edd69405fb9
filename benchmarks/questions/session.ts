import type { ClientName } from '../contenders/clients.ts'
import type { SessionParams } from '../contenders/session.ts'
import { CLIP } from '../fixtures/clip.ts'
import { type Chart, chartValue } from '../harness/chart.ts'
import { type Service, startService, stopAll } from '../harness/child.ts'
import { STEADY_HEAP } from '../harness/cpu.ts'
import type { Bench, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { count, figure, spread, type Table } from '../harness/table.ts'
import { atMost } from '../harness/target.ts'
import { makeCertificate } from '../services/certificate.ts'
import {
  PAYLOAD_SERVICE,
  type PayloadServiceParams,
  type PayloadServiceReady,
} from '../services/payload-service-params.ts'

const CLIENTS: Readonly<Record<ClientName, string>> = {
  got: 'got, drained',
  'node:http': 'node:http, drained',
  undici: 'undici, drained',
  SDK: 'official SDK, drained',
  getmedia: '`getMedia()`: every frame (ours)',
  'SDK + getmedia': 'official SDK + `MkvChunkDemuxer` + `TagExtractor` (ours)',
  'SDK + ebml-stream': 'official SDK + ebml-stream',
}
const NAMES = Object.keys(CLIENTS) as ClientName[]
const FINDS_FRAMES: readonly ClientName[] = ['getmedia', 'SDK + getmedia', 'SDK + ebml-stream']
const TRANSPORTS = ['http', 'tls'] as const
type Transport = (typeof TRANSPORTS)[number]
/** What a session brings: 128 MB. */
const FRAGMENTS = 320

/** CPU time of a client over loopback. The service is a process of its own, whose time does not count. */
export const session: Question = {
  name: 'session',
  asks: 'What does a whole session cost, beyond draining its response?',
  rounds: 7,
  takesTurns: true,
  prepare,
  report,
}

async function prepare({ build, directory }: Bench): Promise<Prepared> {
  const certificate = await makeCertificate(directory)
  const services: Service<PayloadServiceReady>[] = []
  const start = async (tls?: PayloadServiceParams['tls']) => {
    const params: PayloadServiceParams = {
      media: 'video-8k',
      clip: CLIP,
      fragments: FRAGMENTS,
      ...(tls === undefined ? {} : { tls }),
    }
    const service = await startService<PayloadServiceReady>(build, PAYLOAD_SERVICE, params)
    services.push(service)
    return service.ready
  }
  const { url, bytesPerFragment, framesPerFragment } = await start()
  const urls = { http: url, ...(certificate === undefined ? {} : { tls: (await start(certificate)).url }) }
  const jobs = NAMES.map(client => ({
    id: client,
    module: 'benchmarks/contenders/session.ts',
    params: {
      client,
      urls,
      bytes: FRAGMENTS * bytesPerFragment,
      frames: FRAGMENTS * framesPerFragment,
    } satisfies SessionParams,
    usesLibrary: client.endsWith('getmedia'),
    nodeOptions: STEADY_HEAP,
    env: certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate.cert },
  }))
  return { jobs, [Symbol.asyncDispose]: () => stopAll(services) }
}

function costsOf(runs: readonly Run[], client: ClientName, transport: Transport) {
  const samples = new Samples(runs, client, transport)
  const perGb = (cpuMs: number) => (cpuMs / samples.median('bytes')) * 1e6
  const all = samples.values('cpuMs').map(perGb)
  return { samples, all, secondsPerGb: perGb(samples.median('cpuMs')) }
}

function report(runs: readonly Run[]): Report {
  const samples = (client: ClientName, transport: Transport) => costsOf(runs, client, transport).samples
  const ratio = (transport: Transport) =>
    samples('getmedia', transport).ratioTo(samples('got', transport), 'cpuMs')
  return {
    tables: TRANSPORTS.map(transport => tableOf(runs, transport)),
    targets: [
      atMost('`getMedia()`: CPU against got draining the same response', 1.25, ratio('http')),
      atMost('the same over TLS', 1.25, ratio('tls')),
    ],
    chart: chartOf(runs),
  }
}

function tableOf(runs: readonly Run[], transport: Transport): Table {
  const got = costsOf(runs, 'got', transport).samples
  const ours = costsOf(runs, 'getmedia', transport).samples
  return {
    title: `A session of ${FRAGMENTS} fragments, 8 KB frames, over ${transport === 'tls' ? 'HTTPS' : 'HTTP'} on loopback`,
    head: ['', 'CPU s/GB', '× got', '× ours', 'MB/s', 'found'],
    rows: NAMES.map(name => {
      const { samples, all, secondsPerGb } = costsOf(runs, name, transport)
      if (samples.error !== undefined) return [CLIENTS[name], 'failed', '–', '–', '–', samples.error]
      return [
        CLIENTS[name],
        spread(secondsPerGb, all),
        figure(samples.ratioTo(got, 'cpuMs')),
        figure(samples.ratioTo(ours, 'cpuMs')),
        count(samples.median('bytes') / 1000 / samples.median('wallMs')),
        foundCell(name, samples),
      ]
    }),
  }
}

function foundCell(name: ClientName, samples: Samples): string {
  const found = Math.min(...samples.values('counted'))
  const [what, all] = FINDS_FRAMES.includes(name)
    ? ['frames', samples.median('frames')]
    : ['bytes', samples.median('bytes')]
  return found === all ? `all ${what}` : `${count(found)} of ${count(all)} ${what}`
}

function chartOf(runs: readonly Run[]): Chart {
  return {
    title: 'CPU time for a gigabyte of a session (shorter is better)',
    kind: 'bars',
    valueName: 'CPU seconds per GB',
    categories: ['HTTP', 'HTTPS'],
    series: NAMES.map(name => ({
      name: CLIENTS[name].replaceAll('`', ''),
      values: TRANSPORTS.map(transport => chartValue(costsOf(runs, name, transport).secondsPerGb)),
    })),
  }
}
