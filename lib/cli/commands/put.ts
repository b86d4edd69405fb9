import { addAbortSignal, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Table from 'cli-table3'
import { Command, Option } from 'commander'
import {
  type Acknowledgement,
  MkvTruncatedError,
  type MkvWarning,
  type PutMediaMetrics,
  PutMediaSink,
  type RetryEvent,
} from '../../index.ts'
import type { SeekableBytes } from '../../matroska/index.ts'
import { admissionTimeoutFlag } from '../arguments/admission-timeout-flag.ts'
import { parseCount } from '../arguments/numbers.ts'
import { parseStart } from '../arguments/start.ts'
import { openInputFile } from '../input-file.ts'
import { reportWaiting } from '../report-waiting.ts'
import { formatBytes } from '../terminal/format.ts'
import { LiveLine } from '../terminal/live-line.ts'
import { WarningReport } from '../warning-report.ts'

type PutOptions = {
  readonly realtime?: true
  readonly timecodes: 'absolute' | 'relative'
  readonly producerStart?: Date
  readonly durability: 'persisted' | 'received'
  readonly maxAttempts?: number
  readonly admissionTimeout?: number
  readonly json?: true
  readonly region?: string
  readonly endpointUrl?: string
  readonly dataEndpoint?: string
}

export function putCommand(): Command {
  return new Command('put')
    .description('Puts Matroska into a stream, and ends when the service has stored all of it.')
    .argument('<stream>', "the stream's name or ARN")
    .argument('<file>', 'the file, or - for standard input')
    .option('--realtime', 'send each cluster when its timestamp says')
    .addOption(
      new Option('--timecodes <type>', "what the clusters' timestamps count from: the start, or the epoch")
        .choices(['relative', 'absolute'])
        .default('relative'),
    )
    .option(
      '--producer-start <time>',
      'the time at timestamp zero, in ISO 8601 or epoch seconds (default: now)',
      parseTime,
    )
    .addOption(
      new Option(
        '--durability <word>',
        'the acknowledgement to wait for; a stream without retention persists none',
      )
        .choices(['persisted', 'received'])
        .default('persisted'),
    )
    .addOption(admissionTimeoutFlag())
    .option(
      '--max-attempts <count>',
      'give up after so many attempts in a row that bring nothing (default: 25)',
      parseCount,
    )
    .option('--json', 'one JSON object a line for each acknowledgement')
    .option('--region <region>', 'default: the ARN’s, else AWS_REGION, else AWS_DEFAULT_REGION')
    .option(
      '--endpoint-url <url>',
      'the service, where GetDataEndpoint is asked (default: AWS_ENDPOINT_URL_KINESIS_VIDEO, AWS_ENDPOINT_URL)',
    )
    .option(
      '--data-endpoint <url>',
      'where PutMedia is called, without asking (default: AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA)',
    )
    .addHelpText(
      'after',
      '\nCredentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.',
    )
    .action(put)
}

async function put(streamNameOrArn: string, file: string, options: PutOptions): Promise<void> {
  const interrupt = new AbortController()
  // Once: a second Ctrl-C kills, should the first hang.
  process.once('SIGINT', () => interrupt.abort())
  process.once('SIGTERM', () => interrupt.abort())
  const { stream: input, seekable } = openInputFile(file)
  const sink = openSink(streamNameOrArn, options, seekable)
  const live = new LiveLine(() => liveText(sink.metrics))
  if (options.json) sink.on('ack', acknowledgement => process.stdout.write(lineOf(acknowledgement)))
  const warnings = new WarningReport()
  sink.on('warning', (warning: MkvWarning) => warnings.warn(warning))
  tellRetries(sink, live)
  reportWaiting(sink, live)
  try {
    await pipeline(untilInterrupted(input, interrupt.signal), sink)
  } catch (error) {
    // Whoever interrupts cuts the last fragment; those before it are put.
    if (!(interrupt.signal.aborted && error instanceof MkvTruncatedError)) throw error
    live.clear()
    process.stderr.write(
      `getmedia: interrupted at byte ${error.byteOffset}; the fragment it was in is not stored\n`,
    )
  } finally {
    live.stop()
    reportNotStored(sink.metrics)
    warnings.end()
    process.stderr.write(`${summary(sink.metrics)}\n`)
  }
}

function openSink(
  streamNameOrArn: string,
  options: PutOptions,
  seekable: SeekableBytes | undefined,
): PutMediaSink {
  const { realtime, timecodes, producerStart, durability, maxAttempts, admissionTimeout } = options
  const { region, endpointUrl, dataEndpoint } = options
  const id = streamNameOrArn.startsWith('arn:')
    ? { streamARN: streamNameOrArn }
    : { streamName: streamNameOrArn }
  return new PutMediaSink({
    ...id,
    realtime,
    fragmentTimecodeType: timecodes === 'absolute' ? 'ABSOLUTE' : 'RELATIVE',
    producerStartTimestamp: producerStart,
    durability,
    seekable,
    region,
    controlEndpoint: endpointUrl,
    endpoint: dataEndpoint,
    admissionTimeoutMs: admissionTimeout,
    ...(maxAttempts === undefined ? {} : { retry: { retries: maxAttempts - 1 } }),
  })
}

/** An interrupt is the end of the media, and what has come of it is still put. */
async function* untilInterrupted(input: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of addAbortSignal(signal, input)) yield chunk
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Reconnections show on a terminal; to a program, standard error is not a place to read from. */
function tellRetries(sink: PutMediaSink, live: LiveLine): void {
  if (!process.stderr.isTTY) return
  sink.on('retry', ({ error, delayMs }: RetryEvent) => {
    live.clear()
    process.stderr.write(`${error?.message}; next attempt in ${delayMs} ms\n`)
  })
}

/** The names and fields are a contract. */
function lineOf(acknowledgement: Acknowledgement): string {
  return `${JSON.stringify({ event: 'ack', ...acknowledgement })}\n`
}

/** Why they are not is said by the error, or by nothing where no Cluster came. */
function reportNotStored({
  unacknowledgedFragments,
  unacknowledgedBytes,
  fragmentsSent,
}: PutMediaMetrics): void {
  if (unacknowledgedFragments > 0) {
    const size = formatBytes(unacknowledgedBytes)
    process.stderr.write(
      `getmedia: ${unacknowledgedFragments} fragments (${size}) are not acknowledged: they may be missing from the stream\n`,
    )
  } else if (fragmentsSent === 0) {
    process.stderr.write('getmedia: nothing was put: the input holds no Cluster\n')
  }
}

function liveText(metrics: PutMediaMetrics): string {
  const { fragmentsSent, fragmentsPersisted, bytes, unacknowledgedBytes } = metrics
  const open = `${formatBytes(unacknowledgedBytes)} not acknowledged`
  return `${fragmentsSent} fragments, ${formatBytes(bytes)} sent, ${fragmentsPersisted} persisted, ${open}`
}

function summary(metrics: PutMediaMetrics): string {
  const table = new Table({ style: { head: [], border: [], compact: true } })
  table.push(
    ['fragments sent', metrics.fragmentsSent],
    ['fragments received', metrics.fragmentsReceived],
    ['fragments persisted', metrics.fragmentsPersisted],
    ['fragments sent again', metrics.fragmentsSentAgain],
    ['fragments not acknowledged', metrics.unacknowledgedFragments],
    ['bytes sent', formatBytes(metrics.bytes)],
    ['sessions', metrics.sessions],
  )
  return table.toString()
}

/** Times are written as in `get --start producer-time:T`. */
function parseTime(text: string): Date | undefined {
  const start = parseStart(`producer-time:${text}`)
  return start.type === 'PRODUCER_TIMESTAMP' ? start.timestamp : undefined
}
