import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DemuxCase, DemuxParams } from '../contenders/demux.ts'
import type { DemuxerName } from '../contenders/demuxers.ts'
import { CLIP } from '../fixtures/clip.ts'
import { FragmentTemplate } from '../fixtures/fragment-template.ts'
import { MEDIA_TITLES, type MediaName, mediaOf } from '../fixtures/media.ts'
import { type Chart, chartValue } from '../harness/chart.ts'
import { STEADY_HEAP } from '../harness/cpu.ts'
import type { Bench, Prepared, Question, Report, Run, Target } from '../harness/question.ts'
import { NOT_RUN, Samples } from '../harness/statistics.ts'
import { count, figure, sizeName, spread, type Table } from '../harness/table.ts'
import { atLeast, atMost } from '../harness/target.ts'

const DEMUXERS: readonly DemuxerName[] = [
  'drain',
  'MkvReader',
  'getmedia',
  'ebml',
  'ebml-stream',
  'ts-ebml',
  'matroska-subtitles',
  'mediabunny',
]
/** Matroska readers in JavaScript that find these frames. */
const PEERS: readonly DemuxerName[] = ['ebml', 'ebml-stream', 'ts-ebml', 'mediabunny']
const TITLES: Readonly<Partial<Record<DemuxerName, string>>> = {
  drain: 'bare drain',
  MkvReader: '`MkvReader` (ours, no streams)',
  getmedia: '`MkvChunkDemuxer` + `TagExtractor` (ours)',
  'matroska-subtitles': 'matroska-subtitles (text tracks only)',
}

/** The first is the size that most is said of. */
const MEDIA: readonly {
  readonly name: MediaName
  readonly chunkBytes: readonly number[]
  /** Too little is done for each byte: reading the file would be most of it. */
  readonly inMemory?: true
}[] = [
  { name: 'video-8k', chunkBytes: [65_536, 1024, 16_384, 1_048_576] },
  { name: 'video-70k', chunkBytes: [65_536, 1024] },
  { name: 'call-320', chunkBytes: [65_536], inMemory: true },
  { name: 'call-1024', chunkBytes: [65_536], inMemory: true },
  { name: 'tags', chunkBytes: [65_536] },
]
/** Nobody reads a file in smaller ones: those come from memory. */
const USUAL = 65_536
/** Slow, or the same as another's: these are measured in chunks of the usual size alone. */
const USUAL_ONLY: readonly DemuxerName[] = [
  'MkvReader',
  'ebml',
  'ts-ebml',
  'matroska-subtitles',
  'mediabunny',
]
/** What a pass reads: enough for compiled code to be most of it. */
const FILE_BYTES: Readonly<Record<MediaName, number>> = {
  'video-8k': 25_000_000,
  'video-70k': 28_000_000,
  'call-320': 15_000_000,
  'call-1024': 15_000_000,
  tags: 2_000_000,
}

/** CPU time by bytes, and by frames, of readers of Matroska; the bare drain moves the same bytes and does nothing. */
export const demux: Question = {
  name: 'demux',
  asks: 'What does reading a payload cost, beyond moving its bytes?',
  rounds: 7,
  takesTurns: true,
  prepare,
  report,
}

async function prepare({ directory }: Bench): Promise<Prepared> {
  const cases: DemuxCase[] = []
  for (const { name, chunkBytes, inMemory = false } of MEDIA) {
    const file = join(directory, `${name}.mkv`)
    const template = new FragmentTemplate(mediaOf(name, CLIP))
    const fragments = Math.ceil(FILE_BYTES[name] / template.bytes)
    const payload = template.payload(fragments)
    await writeFile(file, payload)
    const facts = { file, bytes: payload.length, frames: fragments * template.frames }
    cases.push(
      ...chunkBytes.map(bytes => ({
        ...facts,
        name: caseName(name, bytes),
        chunkBytes: bytes,
        inMemory: inMemory || bytes < USUAL,
      })),
    )
  }
  const jobs = DEMUXERS.map(demuxer => ({
    id: demuxer,
    module: 'benchmarks/contenders/demux.ts',
    params: { demuxer, cases: casesOf(cases, demuxer) } satisfies DemuxParams,
    usesLibrary: demuxer === 'getmedia' || demuxer === 'MkvReader',
    nodeOptions: STEADY_HEAP,
  }))
  return { jobs, [Symbol.asyncDispose]: async () => {} }
}

function casesOf(cases: readonly DemuxCase[], demuxer: DemuxerName): readonly DemuxCase[] {
  return USUAL_ONLY.includes(demuxer) ? cases.filter(({ chunkBytes }) => chunkBytes === USUAL) : cases
}

function caseName(media: MediaName, chunkBytes: number): string {
  return `${media}/${chunkBytes}`
}

/** What one reader takes for one case. */
class Cost {
  readonly #samples: Samples

  constructor(runs: readonly Run[], media: MediaName, chunkBytes: number, demuxer: DemuxerName) {
    this.#samples = new Samples(runs, demuxer, caseName(media, chunkBytes))
  }

  get error(): string | undefined {
    return this.#samples.error
  }

  get secondsPerGb(): number {
    return this.#perGb(this.#samples.median('cpuMs'))
  }

  get allSecondsPerGb(): number[] {
    return this.#samples.values('cpuMs').map(ms => this.#perGb(ms))
  }

  /** How many times another's cost for the same payload this is. */
  times(other: Cost): number {
    return this.#samples.ratioTo(other.#samples, 'cpuMs')
  }

  /** By the clock on the wall. */
  get megabytesPerSecond(): number {
    return this.#samples.median('bytes') / 1000 / this.#samples.median('wallMs')
  }

  get framesPerSecond(): number {
    return (this.frames * 1000) / this.#samples.median('cpuMs')
  }

  /** How many there are, and how many it found in its worst round. */
  get frames(): number {
    return this.#samples.median('frames')
  }

  get found(): number {
    return Math.min(...this.#samples.values('counted'))
  }

  get isWhole(): boolean {
    return this.found === this.frames
  }

  #perGb(cpuMs: number): number {
    return (cpuMs / this.#samples.median('bytes')) * 1e6
  }
}

function report(runs: readonly Run[]): Report {
  return {
    tables: MEDIA.map(media => tableOf(runs, media)),
    targets: targetsOf(runs),
    chart: chartOf(runs),
  }
}

function tableOf(runs: readonly Run[], { name: media, chunkBytes, inMemory }: (typeof MEDIA)[number]): Table {
  const sizes = chunkBytes.toSorted((a, b) => a - b)
  const usual = (demuxer: DemuxerName) => new Cost(runs, media, USUAL, demuxer)
  const [drain, ours] = [usual('drain'), usual('getmedia')]
  return {
    title: `${MEDIA_TITLES[media]}${inMemory ? ', from memory' : ''}: CPU seconds per GB, by the size of the transport chunks`,
    head: [
      '',
      ...sizes.map(size => (size < USUAL ? `${sizeName(size)}, from memory` : sizeName(size))),
      '64 KB: × the drain',
      '× ours',
      'MB/s',
      'frames/s',
      `of ${count(drain.frames)} found`,
    ],
    rows: DEMUXERS.map(demuxer => {
      const cost = usual(demuxer)
      const cells = sizes.map(size => costCell(new Cost(runs, media, size, demuxer)))
      return [
        TITLES[demuxer] ?? demuxer,
        ...cells,
        figure(cost.times(drain)),
        figure(cost.times(ours)),
        cost.error === undefined ? count(cost.megabytesPerSecond) : '–',
        cost.isWhole ? count(cost.framesPerSecond) : '–',
        foundCell(demuxer, cost),
      ]
    }),
  }
}

function costCell(cost: Cost): string {
  if (cost.error === NOT_RUN) return '–'
  return cost.error === undefined ? spread(cost.secondsPerGb, cost.allSecondsPerGb) : 'failed'
}

function foundCell(demuxer: DemuxerName, cost: Cost): string {
  if (demuxer === 'drain') return '–'
  return cost.error ?? count(cost.found)
}

function targetsOf(runs: readonly Run[]): Target[] {
  const cost = (media: MediaName, chunkBytes: number, demuxer: DemuxerName) =>
    new Cost(runs, media, chunkBytes, demuxer)
  const ours = (media: MediaName, chunkBytes: number) => cost(media, chunkBytes, 'getmedia')
  const tiny = ours('video-70k', 1024)
  const call = ours('call-320', USUAL).framesPerSecond
  return [
    atMost(
      'video, 8 KB frames, 64 KB chunks: CPU against a bare drain of the file',
      1.25,
      ours('video-8k', USUAL).times(cost('video-8k', USUAL, 'drain')),
    ),
    aheadOfPeers(runs, 'video-8k', 1.5),
    // Where the cost grew with the chunks that a frame lies in, the longer frames would cost more by byte.
    atMost(
      'video, 1 KB chunks, from memory: CPU by byte, 70 KB frames against 8 KB frames (linear)',
      1.25,
      tiny.secondsPerGb / ours('video-8k', 1024).secondsPerGb,
    ),
    atLeast(
      'video, 70 KB frames in 1 KB chunks, from memory: ahead of ebml-stream',
      5,
      cost('video-70k', 1024, 'ebml-stream').times(tiny),
    ),
    {
      what: 'call audio, 320-byte blocks, 64 KB chunks, from memory: frames a second of CPU',
      goal: '≥ 2,000,000',
      found: count(call),
      isReached: call >= 2e6,
    },
    aheadOfPeers(runs, 'call-320', 2),
  ]
}

/** Against the cheapest peer that found every frame. */
function aheadOfPeers(runs: readonly Run[], media: MediaName, goal: number): Target {
  const costOf = (demuxer: DemuxerName) => new Cost(runs, media, USUAL, demuxer)
  const ours = costOf('getmedia')
  const best = PEERS.filter(name => costOf(name).isWhole).toSorted(
    (a, b) => costOf(a).times(ours) - costOf(b).times(ours),
  )[0]
  const ahead = best === undefined ? Number.NaN : costOf(best).times(ours)
  const what = `${MEDIA_TITLES[media]}, 64 KB chunks: ahead of the best JavaScript peer`
  return atLeast(what, goal, ahead, best ?? 'none found all')
}

function chartOf(runs: readonly Run[]): Chart {
  return {
    title: 'CPU time for a gigabyte, in chunks of 64 KB (shorter is better)',
    kind: 'bars',
    valueName: 'CPU seconds per GB, logarithmic',
    isLogarithmic: true,
    categories: MEDIA.map(({ name }) => MEDIA_TITLES[name]),
    series: DEMUXERS.map(demuxer => ({
      name: (TITLES[demuxer] ?? demuxer).replaceAll('`', ''),
      values: MEDIA.map(({ name }) => chartValue(new Cost(runs, name, USUAL, demuxer).secondsPerGb)),
    })),
  }
}
