import { readFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import {
  type Emulator,
  type EmulatorOptions,
  type HeaderTags,
  parseFaultFile,
  parseStreamLabel,
  type StreamOptions,
  startEmulator,
} from '../../emulator/index.ts'
import { OptionError } from '../../index.ts'
import { addLimitFlags, limitOptions } from '../arguments/limit-flags.ts'
import { parseDurationMs, parsePort } from '../arguments/numbers.ts'
import { type ServerFlags, serverOptions } from '../arguments/server-flags.ts'
import { RequestLines } from '../terminal/request-lines.ts'
import { StreamTable } from '../terminal/stream-table.ts'

type EmulatorCommandOptions = ServerFlags & {
  readonly host: string
  readonly port: number
  readonly stream: readonly string[]
  readonly live: readonly string[]
  readonly loop?: true
  readonly data?: string
  readonly fault: readonly string[]
  readonly faults?: string
  readonly credentials: readonly string[]
  readonly signatures: boolean
  readonly idleEnd: number
  readonly headerTags: HeaderTags
  readonly limits: boolean
  readonly json?: true
}

export function emulatorCommand(): Command {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]
  const command = new Command('emulator')
    .description('Starts a Kinesis Video Streams on this machine, for any AWS client. Ctrl-C ends it.')
    .option(
      '--stream <name=file>',
      'a stream that holds an MKV file or a GetMedia payload, in every region; REGION/NAME=FILE in one; may repeat',
      collect,
      [],
    )
    .option('--live <name=file>', 'a stream into which the file is fed in real time; may repeat', collect, [])
    .option('--loop', 'with --live: begin again at the end')
    .option('--data <directory>', 'keep streams and media there (default: until the end only)')
    .option(
      '--fault <name=json>',
      'what goes wrong with the next call, such as \'door={"type":"throttle","operation":"PutMedia"}\'; may repeat',
      collect,
      [],
    )
    .option('--faults <file>', 'a plan of faults: {"STREAM": {"faults": [...], "random": {"seed": 1}}}')
    .option('--port <port>', '0 takes a free one', parsePort, 0)
    .option('--host <address>', 'anything but loopback lets others in', '127.0.0.1')
    .option('--advertised-url <url>', 'what GetDataEndpoint answers: for proxies and containers')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate in PEM; needs --tls-key')
    .option('--tls-key <file>', 'its private key in PEM')
    .option('--region <region>', 'serve this region only (default: every region, each with its own streams)')
    .option(
      '--default-region <region>',
      'region of unsigned requests and of the ARNs shown here (default: --region, AWS_REGION, AWS_DEFAULT_REGION or us-east-1)',
    )
    .option(
      '--credentials <id:secret>',
      'a key pair that may sign; may repeat (default: test:test)',
      collect,
      [],
    )
    .option('--no-signatures', 'let unsigned requests in')
    .option('--idle-end <time>', 'when a session without new fragments ends', parseDurationMs, 3000)
    .addOption(
      new Option('--header-tags <fragments>', 'which fragments have the tags before a first cluster')
        .choices(['repeat', 'first'])
        .default('repeat'),
    )
    .option('--no-limits', 'lift every --limit-… that is not given, save those of fragments')
    .option('--json', 'one JSON object a line: ready, and each request when it is over')
    .action(emulator)
  return addLimitFlags(command)
}

async function emulator(options: EmulatorCommandOptions): Promise<void> {
  const service = await start(options)
  const output = options.json ? new RequestLines(service) : new StreamTable(service)
  try {
    await addStreams(service, options)
    tellReady(service, options)
    output.start()
    await interrupted()
  } finally {
    output.stop()
    await service.close()
  }
}

/** Without `--data` media goes to a temporary directory where lmdb is installed, and stays in memory where it is not. */
async function start(options: EmulatorCommandOptions): Promise<Emulator> {
  const { host, port, idleEnd, data } = options
  const settings: EmulatorOptions = {
    host,
    port,
    idleEndMs: idleEnd,
    headerTags: options.headerTags,
    ...(await serverOptions(options)),
    ...limitOptions(options, options.limits),
    ...(options.signatures ? {} : { signatures: 'ignore' as const }),
    ...(options.credentials.length === 0 ? {} : { credentials: options.credentials.map(keyPair) }),
  }
  if (data !== undefined) return await startEmulator({ ...settings, dataDirectory: data })
  try {
    return await startEmulator({ ...settings, storage: 'disk' })
  } catch (error) {
    if (!(error instanceof OptionError) || error.option !== 'storage') throw error
    return await startEmulator(settings)
  }
}

function keyPair(text: string): { accessKeyId: string; secretAccessKey: string } {
  const at = text.indexOf(':')
  if (at < 1 || at === text.length - 1) throw new OptionError('--credentials', 'have the form ID:SECRET', '…')
  return { accessKeyId: text.slice(0, at), secretAccessKey: text.slice(at + 1) }
}

async function addStreams(service: Emulator, options: EmulatorCommandOptions): Promise<void> {
  for (const argument of options.stream) {
    const [label, source] = nameAndValue('--stream', argument)
    await service.addStream({ ...streamOf('--stream', label), source })
  }
  for (const argument of options.live) {
    const [label, source] = nameAndValue('--live', argument)
    const { name, region } = streamOf('--live', label)
    const known = service.streams.find(
      stream => stream.name === name && (region === undefined || stream.isIn(region)),
    )
    const stream = known ?? (await service.addStream(streamOf('--live', label)))
    await stream.playLive(source, { loop: options.loop ?? false })
  }
  for (const argument of options.fault) {
    const [name, fault] = nameAndValue('--fault', argument)
    planFaults(service, `{${JSON.stringify(name)}:{"faults":[${fault}]}}`)
  }
  if (options.faults !== undefined) planFaults(service, await readFile(options.faults, 'utf8'))
}

function planFaults(service: Emulator, text: string): void {
  for (const [name, { faults, random }] of Object.entries(parseFaultFile(text))) {
    if (faults !== undefined) service.faults(name, faults)
    const randoms = random === undefined ? [] : [random].flat()
    for (const options of randoms) service.randomFaults(name, options)
  }
}

/** Reads `NAME` or `REGION/NAME`. */
function streamOf(option: string, label: string): Pick<StreamOptions, 'name' | 'region'> {
  const { name, region } = parseStreamLabel(option, label)
  return region === undefined ? { name } : { name, region }
}

function nameAndValue(option: string, argument: string): [name: string, value: string] {
  const at = argument.indexOf('=')
  if (at < 1 || at === argument.length - 1)
    throw new OptionError(option, `have the form NAME=${option === '--fault' ? 'JSON' : 'FILE'}`, argument)
  return [argument.slice(0, at), argument.slice(at + 1)]
}

function tellReady(service: Emulator, { json, credentials, tlsCert }: EmulatorCommandOptions): void {
  const { url: localUrl, advertisedUrl: url, defaultRegion: region } = service
  const streams = service.streams.map(({ name, region = null, arn, fragments }) => ({
    name,
    region,
    arn,
    fragments: fragments.length,
  }))
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'ready', url, localUrl, region, streams })}\n`)
    return
  }
  const keys =
    credentials.length === 0
      ? 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test'
      : 'AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…'
  const where = url === localUrl ? url : `${url} (listening at ${localUrl})`
  // AWS clients do not trust a self-signed certificate by default.
  const trust =
    tlsCert === undefined ? '' : `export AWS_CA_BUNDLE=${tlsCert} NODE_EXTRA_CA_CERTS=${tlsCert}\n`
  process.stdout.write(`Kinesis Video Streams at ${where}. For your AWS client:

export AWS_ENDPOINT_URL=${url}
export ${keys} AWS_REGION=${region}
${trust}
`)
}

function interrupted(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
