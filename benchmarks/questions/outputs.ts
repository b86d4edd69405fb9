import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaToolParams } from '../contenders/media-tool.ts'
import { OUTPUTS, type OutputMedia } from '../contenders/output-stages.ts'
import type { OutputParams } from '../contenders/outputs.ts'
import { CLIP } from '../fixtures/clip.ts'
import { FragmentTemplate } from '../fixtures/fragment-template.ts'
import { captionsOf, mediaOf } from '../fixtures/media.ts'
import { type PaddedCamera, paddedCamera } from '../fixtures/padded-camera.ts'
import { chartValue } from '../harness/chart.ts'
import { STEADY_HEAP } from '../harness/cpu.ts'
import type { Bench, Job, Prepared, Question, Report, Run } from '../harness/question.ts'
import { Samples } from '../harness/statistics.ts'
import { count, figure, spread, type Table } from '../harness/table.ts'

const MEDIA: Readonly<Record<OutputMedia, string>> = {
  camera: 'A camera: H.264 in 20 KB frames, and AAC',
  call: 'A call: two speakers, PCM in 1,024-byte blocks',
  captions: 'Captions: text of 40 bytes each',
}
/** What the outputs are measured against: the same bytes into a file, and the same events into nothing. */
const LIMITS = ['file copy', 'demuxed only'] as const
/** Other programs that make one Matroska file. */
const TOOLS: Readonly<Record<string, string>> = {
  ffmpeg: '`ffmpeg -c copy`',
  mkvmerge: '`mkvmerge`',
  'mkvmerge plain': '`mkvmerge`, of one plain document',
}

/** Each output behind `MkvChunkDemuxer` and `TagExtractor`, from a file to files. */
export const outputs: Question = {
  name: 'outputs',
  asks: 'What does each output cost?',
  rounds: 2,
  prepare,
  report,
}

async function prepare({ directory }: Bench): Promise<Prepared> {
  const jobs: Job[] = []
  for (const media of Object.keys(MEDIA) as OutputMedia[]) {
    const file = join(directory, `${media}.mkv`)
    const payload = payloadOf(media)
    await writeFile(file, payload)
    const common = { file, bytes: payload.length, directory }
    const names = OUTPUTS.filter(output => output.media === media).map(({ name }) => name)
    for (const output of [...LIMITS, ...names]) {
      jobs.push({
        id: `${media} ${output}`,
        module: 'benchmarks/contenders/outputs.ts',
        params: { output, ...common } satisfies OutputParams,
        usesLibrary: output !== 'file copy',
        nodeOptions: STEADY_HEAP,
      })
    }
    if (media !== 'camera') continue
    jobs.push(...(await toolJobs(directory)))
  }
  return { jobs, [Symbol.asyncDispose]: async () => {} }
}

async function toolJobs(directory: string): Promise<Job[]> {
  const { payload, plain, frames } = camera()
  const file = join(directory, 'camera.mkv')
  const plainFile = join(directory, 'plain.mkv')
  await writeFile(plainFile, plain)
  const job = (id: string, params: Omit<MediaToolParams, 'frames' | 'directory'>): Job => ({
    id: `camera ${id}`,
    module: 'benchmarks/contenders/media-tool.ts',
    params: { ...params, frames, directory },
    usesLibrary: false,
  })
  return [
    job('ffmpeg', { tool: 'ffmpeg', file, bytes: payload.length }),
    job('mkvmerge', { tool: 'mkvmerge', file, bytes: payload.length }),
    job('mkvmerge plain', { tool: 'mkvmerge', file: plainFile, bytes: plain.length }),
  ]
}

function camera(): PaddedCamera {
  return paddedCamera(CLIP, 20_000, 1)
}

function payloadOf(media: OutputMedia): Buffer {
  switch (media) {
    case 'camera':
      return camera().payload
    case 'call':
      return new FragmentTemplate(mediaOf('call-1024', CLIP)).payload(100)
    case 'captions':
      return new FragmentTemplate(captionsOf(40)).payload(300)
  }
}

function costOf(runs: readonly Run[], media: OutputMedia, name: string) {
  const samples = new Samples(runs, `${media} ${name}`, 'all')
  const perGb = (cpuMs: number) => (cpuMs / samples.median('bytes')) * 1e6
  const all = samples.values('cpuMs').map(perGb)
  return { samples, all, secondsPerGb: perGb(samples.median('cpuMs')) }
}

function contendersOf(media: OutputMedia): string[] {
  const names = OUTPUTS.filter(output => output.media === media).map(({ name }) => name)
  return [...LIMITS, ...names, ...(media === 'camera' ? Object.keys(TOOLS) : [])]
}

function report(runs: readonly Run[]): Report {
  const media = Object.keys(MEDIA) as OutputMedia[]
  return {
    tables: media.map(name => tableOf(runs, name)),
    targets: [],
    chart: {
      title: 'CPU time for a gigabyte that comes in (shorter is better)',
      kind: 'bars',
      valueName: 'CPU seconds per GB, logarithmic',
      isLogarithmic: true,
      categories: media.flatMap(name => contendersOf(name).map(contender => `${name}: ${contender}`)),
      series: [
        {
          name: 'CPU s/GB',
          values: media.flatMap(name =>
            contendersOf(name).map(contender => chartValue(costOf(runs, name, contender).secondsPerGb)),
          ),
        },
      ],
    },
  }
}

function tableOf(runs: readonly Run[], media: OutputMedia): Table {
  const cost = (name: string) => costOf(runs, media, name)
  const [copy, demuxed] = [cost('file copy').secondsPerGb, cost('demuxed only').secondsPerGb]
  return {
    title: MEDIA[media],
    head: ['', 'CPU s/GB', '× a file copy', '× demuxed only', 'MB/s in', 'came out'],
    rows: contendersOf(media).map(name => {
      const { samples, all, secondsPerGb } = cost(name)
      if (samples.error !== undefined) return [titleOf(name), 'failed', '–', '–', '–', samples.error]
      return [
        titleOf(name),
        spread(secondsPerGb, all),
        figure(secondsPerGb / copy),
        figure(secondsPerGb / demuxed),
        figure(samples.median('bytes') / 1000 / samples.median('wallMs')),
        outCell(samples),
      ]
    }),
  }
}

/** What the tools made was read again; what writes no file has nothing to show. */
function outCell(samples: Samples): string {
  const found = samples.median('found')
  if (Number.isFinite(found)) return `${count(found)} of ${count(samples.median('frames'))} frames`
  if (samples.median('counted') === 0) return '–'
  return `${figure((100 * samples.median('counted')) / samples.median('bytes'))} % of the bytes`
}

function titleOf(name: string): string {
  return TOOLS[name] ?? (OUTPUTS.some(output => output.name === name) ? `\`${name}\`` : name)
}
