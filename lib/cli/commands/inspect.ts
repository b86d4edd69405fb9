import { pipeline } from 'node:stream/promises'
import Table from 'cli-table3'
import { Command } from 'commander'
import pc from 'picocolors'
import {
  type FragmentEvent,
  type FragmentStart,
  joinStages,
  MkvChunkDemuxer,
  TagExtractor,
} from '../../index.ts'
import { eventLine } from '../event-lines.ts'
import { EXIT_CODES, raiseExitCode } from '../exit-code.ts'
import { openInputFile } from '../input-file.ts'
import { formatBytes, formatTime, shortNumber } from '../terminal/format.ts'
import { WarningReport } from '../warning-report.ts'

type InspectOptions = { readonly json?: true; readonly hash?: true }

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Shows what a Matroska file or a GetMedia payload holds, fragment by fragment.')
    .argument('<file>', 'the file, or - for standard input')
    .option('--json', 'one JSON object a line for each fragment, frame and fragment end')
    .option('--hash', 'with --json: the SHA-1 of every frame')
    .action(inspect)
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  const { stream, ...access } = openInputFile(file)
  const warnings = new WarningReport()
  let isTruncated = false
  const output = async function* (events: AsyncIterable<FragmentEvent>): AsyncGenerator<string> {
    const print = options.json ? jsonLines(options.hash ?? false) : tables()
    for await (const event of events) {
      if (event.type === 'truncated') isTruncated = true
      reportPayloadError(event)
      warnings.take(event)
      const text = print(event)
      if (text !== '') yield text
    }
  }
  const extractor = new TagExtractor({ fragmentEnd: 'document', errorTags: 'report' })
  // Not one pipeline: it would throw away what the extractor holds when the demuxer fails.
  const events = joinStages(stream, new MkvChunkDemuxer(access), extractor)
  try {
    await pipeline(events, output, process.stdout, { end: false })
  } finally {
    warnings.end()
  }
  if (isTruncated) raiseExitCode(EXIT_CODES.failed)
}

/** An error in the payload is part of its contents: `inspect` shows it, reads on, and has lost nothing itself. */
function reportPayloadError(event: FragmentEvent): void {
  if (event.type !== 'fragment-end' || (event.errorId === null && event.errorCode === null)) return
  const error = [event.errorId, event.errorCode].filter(part => part !== null).join(' ')
  const where = event.fragmentNumber === null ? '' : ` at fragment ${event.fragmentNumber}`
  process.stderr.write(`getmedia: the payload holds error ${error}${where} in place of media\n`)
}

function jsonLines(withHash: boolean): (event: FragmentEvent) => string {
  return event => eventLine(event, withHash)
}

/** A block of text for each fragment: its head, then its frames by track, then its tags. */
function tables(): (event: FragmentEvent) => string {
  let frames = new Map<number, TrackCount>()
  let start: FragmentStart | undefined
  return event => {
    switch (event.type) {
      case 'fragment-start':
        frames = new Map()
        start = event
        return fragmentHead(event)
      case 'frame':
        countFrame(frames, event.track, event.data.length, event.keyframe)
        return ''
      case 'fragment-end': {
        const behind = event.millisBehindNow === null ? '' : `, ${event.millisBehindNow} ms behind now`
        const error =
          event.errorId === null && event.errorCode === null
            ? ''
            : pc.red(`  error ${event.errorId ?? ''} ${event.errorCode ?? ''}\n`)
        const conflicts = event.codecConflicts.map(({ message }) => pc.yellow(`  ${message}\n`)).join('')
        const tags = Object.entries(event.tags).map(
          ([name, value]) => `  ${name} = ${typeof value === 'string' ? value : `${value.length} bytes`}\n`,
        )
        return `${trackTable(start, frames)}  ${event.frames} frames, ${formatBytes(event.bytes)}${behind}\n${error}${conflicts}${tags.join('')}\n`
      }
      case 'truncated':
        return pc.red(
          `broken off at byte ${event.byteOffset}, inside ${event.elementPath || 'an element header'}\n`,
        )
      default:
        return ''
    }
  }
}

type TrackCount = { frames: number; keyframes: number; bytes: number }

function countFrame(counts: Map<number, TrackCount>, track: number, bytes: number, keyframe: boolean): void {
  const count = counts.get(track) ?? { frames: 0, keyframes: 0, bytes: 0 }
  counts.set(track, count)
  count.frames++
  count.bytes += bytes
  if (keyframe) count.keyframes++
}

function fragmentHead(start: FragmentStart): string {
  const number = pc.bold(`fragment ${shortNumber(start.fragmentNumber)}`)
  return `${number}  producer ${formatTime(start.producerTimestamp)}  server ${formatTime(start.serverTimestamp)}\n`
}

function trackTable(start: FragmentStart | undefined, counts: ReadonlyMap<number, TrackCount>): string {
  const tracks = new Map((start?.tracks ?? []).map(track => [track.number, track]))
  const numbers = [...new Set([...tracks.keys(), ...counts.keys()])].toSorted((a, b) => a - b)
  if (numbers.length === 0) return ''
  const table = new Table({
    head: ['track', 'type', 'codec', 'name', 'frames', 'keyframes', 'bytes'],
    style: { head: [], border: [], compact: true },
  })
  for (const number of numbers) {
    const track = tracks.get(number)
    const count = counts.get(number) ?? { frames: 0, keyframes: 0, bytes: 0 }
    table.push([
      number,
      track?.type ?? '?',
      track?.codecId ?? '?',
      track?.name ?? '',
      count.frames,
      count.keyframes,
      count.bytes,
    ])
  }
  return `${table.toString()}\n`
}
