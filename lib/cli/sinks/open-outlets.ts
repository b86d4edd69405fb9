import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  FileSink,
  type MkvFileReport,
  MkvFileSink,
  MkvSegmentMerger,
  TagTable,
  type WavFileReport,
  WavWriter,
} from '../../outputs/index.ts'
import { formatBytes } from '../terminal/format.ts'
import { closeOf, type Outlet } from './outlet.ts'
import type { OutputFlags } from './output-flags.ts'
import { writeToStandardOutput } from './standard-output.ts'

/** Told of each file that has its name, in words. */
export type TellFile = (text: string) => void

/** The outputs that the flags ask for. Nothing is opened before there is something to write. */
export function openOutlets(flags: OutputFlags, tell: TellFile): Outlet[] {
  const { mkv, wav, tags } = flags
  return [
    ...(mkv === undefined ? [] : [mkv === '-' ? mkvToStandardOutput(flags) : mkvToFiles(mkv, flags, tell)]),
    ...(wav === undefined ? [] : [wavToFiles(wav, flags, tell)]),
    ...(tags === undefined ? [] : [tags === '-' ? tagsToStandardOutput() : tagsToFile(tags, tell)]),
  ]
}

function mkvToFiles(path: string, { gaps, rotate }: OutputFlags, tell: TellFile): Outlet {
  const sink = new MkvFileSink({
    path,
    ...(gaps === undefined ? {} : { gaps }),
    ...(rotate === undefined ? {} : { rotate: { everyMs: rotate } }),
  })
  sink.on('file', ({ path, durationMs, frames, bytes }: MkvFileReport) => {
    tell(`${path}: ${(durationMs / 1000).toFixed(1)} s, ${frames} frames, ${formatBytes(bytes)}`)
  })
  return { name: 'mkv', sink: native(sink), done: closeOf(sink) }
}

function mkvToStandardOutput({ gaps }: OutputFlags): Outlet {
  return toStandardOutput('mkv', native(new MkvSegmentMerger(gaps === undefined ? {} : { gaps })))
}

function wavToFiles(directory: string, flags: OutputFlags, tell: TellFile): Outlet {
  const { wavLayout, onContactChange, contact } = flags
  const sink = new WavWriter({
    directory,
    ...(wavLayout === undefined ? {} : { layout: wavLayout }),
    ...(onContactChange === undefined ? {} : { onContactChange }),
    ...(contact === undefined ? {} : { contactId: contact }),
  })
  sink.on('file', ({ path, samples, sampleRateHz, tracks }: WavFileReport) => {
    tell(`${path}: ${(samples / sampleRateHz).toFixed(1)} s of ${tracks.join(' and ')}`)
  })
  return { name: 'wav', sink: native(sink), done: closeOf(sink) }
}

function tagsToFile(path: string, tell: TellFile): Outlet {
  const table = new TagTable({ format: path.endsWith('.csv') ? 'csv' : 'jsonl' })
  const file = new FileSink({ path })
  file.on('file', () => tell(path))
  const closed = closeOf(file)
  const done = pipeline(table as NodeJS.ReadableStream, native(file)).then(
    () => closed,
    async (error: Error) => {
      await closed.catch(() => {})
      throw error
    },
  )
  return { name: 'tags', sink: native(table), done }
}

function tagsToStandardOutput(): Outlet {
  return toStandardOutput('tags', native(new TagTable()))
}

function toStandardOutput(name: string, stage: Writable): Outlet {
  // A Transform's own type says nothing of what it gives; this one gives bytes.
  const done = writeToStandardOutput(stage as unknown as AsyncIterable<Uint8Array>).then(() => {
    stage.destroy()
  })
  return { name, sink: stage, done }
}

/** Streams of `readable-stream` differ from Node's own in their types alone. */
function native(stream: object): Writable {
  return stream as Writable
}
