import { once } from 'node:events'
import { Command, Option } from 'commander'
import {
  type FragmentEvent,
  type GetMediaStream,
  getMedia,
  OptionError,
  type StartSelector,
} from '../../index.ts'
import { admissionTimeoutFlag } from '../arguments/admission-timeout-flag.ts'
import { parseCount, parseDurationMs } from '../arguments/numbers.ts'
import { parseStart, START_HELP } from '../arguments/start.ts'
import { eventLine } from '../event-lines.ts'
import type { FanOut } from '../outputs/fan-out.ts'
import { openOutputs } from '../outputs/open-outputs.ts'
import {
  addOutputFlags,
  addWhenSlowFlag,
  checkOutputFlags,
  givenOutputs,
  hasOutputs,
  type OutputFlags,
  outputFlagNames,
} from '../outputs/output-flags.ts'
import { reportMissingMedia } from '../report-missing-media.ts'
import { reportWaiting } from '../report-waiting.ts'
import { Tally } from '../tally.ts'
import { handleBrokenPipe } from '../terminal/broken-pipe.ts'
import { formatBytes, formatTime, shortNumber } from '../terminal/format.ts'
import { LiveLine } from '../terminal/live-line.ts'
import { WarningReport } from '../warning-report.ts'

type GetOptions = OutputFlags & {
  readonly start: StartSelector
  readonly until?: 'caught-up'
  readonly json?: true
  readonly hash?: true
  readonly idleTimeout?: number
  readonly admissionTimeout?: number
  readonly maxAttempts?: number
  readonly region?: string
  readonly endpointUrl?: string
  readonly dataEndpoint?: string
  readonly pace?: number
}

export function getCommand(): Command {
  const command = new Command('get')
    .description('Consumes a stream: every frame once, in order, through every reconnection. Ctrl-C ends it.')
    .argument('<stream>', "the stream's name or ARN")
    .addOption(
      new Option('--start <where>', START_HELP).argParser(parseStart).default({ type: 'NOW' }, 'now'),
    )
    .addOption(new Option('--until <when>', 'end when nothing more is there').choices(['caught-up']))
    .option('--json', 'one JSON object a line, as of inspect')
    .option('--hash', 'with --json: the SHA-1 of every frame')
    .option(
      '--idle-timeout <time>',
      'how long a body may be silent, such as 500ms or 10s (default: 10s)',
      parseDurationMs,
    )
    .addOption(admissionTimeoutFlag())
    .option(
      '--max-attempts <count>',
      'give up after so many attempts in a row that bring nothing (default: 25)',
      parseCount,
    )
    .option('--pace <bytes>', 'take at most so many bytes a second', parseCount)
    .option('--region <region>', 'default: the ARN’s, else AWS_REGION, else AWS_DEFAULT_REGION')
    .option(
      '--endpoint-url <url>',
      'the service, where GetDataEndpoint is asked (default: AWS_ENDPOINT_URL_KINESIS_VIDEO, AWS_ENDPOINT_URL)',
    )
    .option(
      '--data-endpoint <url>',
      'where GetMedia is called, without asking (default: AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA)',
    )
  return addWhenSlowFlag(addOutputFlags(command))
    .addHelpText(
      'after',
      '\nCredentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.',
    )
    .action(get)
}

async function get(streamNameOrArn: string, options: GetOptions): Promise<void> {
  checkFlags(options)
  const interrupt = new AbortController()
  // Once: a second Ctrl-C kills, should the first hang.
  process.once('SIGINT', () => interrupt.abort())
  process.once('SIGTERM', () => interrupt.abort())
  const outputs = hasOutputs(options)
    ? openOutputs(options, text => process.stderr.write(`${text}\n`))
    : undefined
  if (outputs !== undefined) handleBrokenPipe()
  const stream = openStream(streamNameOrArn, options, interrupt.signal)
  const tally = new Tally()
  const live = new LiveLine(() => tally.liveText(stream.metrics))
  reportWaiting(stream, live)
  try {
    const warned = new WarningReport().watch(tally.count(stream))
    const events = reportMissingMedia(warned, () => live.clear())
    // Not a pipeline: it would not wait until the files of a broken-off stream are finished.
    if (outputs === undefined) await printRows(events, live, options)
    else await outputs.consume(events)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
  } finally {
    live.stop()
    process.stderr.write(`${tally.summary(stream, droppedFrames(outputs))}\n`)
  }
}

/** Throws `OptionError` for flags that do not go together. */
function checkFlags(options: GetOptions): void {
  checkOutputFlags(options)
  const { json, hash } = options
  if (json && hasOutputs(options)) {
    const output = outputFlagNames(givenOutputs(options))
    throw new OptionError('--json', `not be combined with ${output}: it prints rows, and outputs write files`)
  }
  if (hash && !json) throw new OptionError('--hash', 'go with --json, whose rows hold the hashes')
}

function droppedFrames(outputs: FanOut | undefined): [string, number][] {
  return (outputs?.lanes ?? []).map(({ name, droppedFrames }) => [`dropped for ${name}`, droppedFrames])
}

function openStream(streamNameOrArn: string, options: GetOptions, signal: AbortSignal): GetMediaStream {
  const {
    start,
    until,
    idleTimeout,
    admissionTimeout,
    maxAttempts,
    region,
    endpointUrl,
    dataEndpoint,
    pace,
  } = options
  const id = streamNameOrArn.startsWith('arn:')
    ? { streamARN: streamNameOrArn }
    : { streamName: streamNameOrArn }
  const stream = getMedia({
    ...id,
    startSelector: start,
    signal,
    region,
    controlEndpoint: endpointUrl,
    endpoint: dataEndpoint,
    idleTimeoutMs: idleTimeout,
    admissionTimeoutMs: admissionTimeout,
    paceBytesPerSecond: pace,
    ...(until === undefined ? {} : { until }),
    ...(maxAttempts === undefined ? {} : { retry: { retries: maxAttempts - 1 } }),
  })
  return tellRetries(stream)
}

/** Reconnections show on a terminal; to a program, standard error is not a place to read from. */
function tellRetries(stream: GetMediaStream): GetMediaStream {
  if (!process.stderr.isTTY) return stream
  stream.on('retry', ({ error, delayMs }: { error: Error | null; delayMs: number }) => {
    if (error !== null) process.stderr.write(`\r\x1b[K${error.message}; next attempt in ${delayMs} ms\n`)
  })
  return stream
}

/** Lines of JSON, or rows for people, on standard output. */
async function printRows(
  events: AsyncIterable<FragmentEvent>,
  live: LiveLine,
  { json, hash }: GetOptions,
): Promise<void> {
  const print = json ? (event: FragmentEvent) => eventLine(event, hash ?? false) : fragmentRows()
  for await (const event of events) {
    const text = print(event)
    if (text === '') continue
    if (process.stdout.isTTY) live.clear()
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
  }
}

/** One row for each fragment that is whole, and for what went wrong. */
function fragmentRows(): (event: FragmentEvent) => string {
  let producerTimestamp: Date | null = null
  return event => {
    switch (event.type) {
      case 'fragment-start':
        producerTimestamp = event.producerTimestamp
        return ''
      case 'fragment-end': {
        const behind = event.millisBehindNow === null ? '' : `  ${event.millisBehindNow} ms behind`
        return `${shortNumber(event.fragmentNumber)}  ${formatTime(producerTimestamp)}  ${event.frames} frames  ${formatBytes(event.bytes)}${behind}\n`
      }
      case 'gap':
      case 'discontinuity':
        return `${event.message}\n`
      default:
        return ''
    }
  }
}
