import { Command } from 'commander'
import { type Emulator, startEmulator } from '../../emulator/index.ts'
import { OptionError } from '../../index.ts'
import { parseDurationMs, parsePort } from '../arguments/numbers.ts'

type EmulatorCommandOptions = {
  readonly host: string
  readonly port: number
  readonly stream: readonly string[]
  readonly live: readonly string[]
  readonly loop?: true
  readonly region: string
  readonly idleEnd: number
  readonly limits: boolean
  readonly json?: true
}

export function emulatorCommand(): Command {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]
  return new Command('emulator')
    .description('Starts a Kinesis Video Streams on this machine, for any AWS client. Ctrl-C ends it.')
    .option(
      '--stream <name=file>',
      'a stream that holds an MKV file or a GetMedia payload; may repeat',
      collect,
      [],
    )
    .option('--live <name=file>', 'a stream into which the file is fed in real time; may repeat', collect, [])
    .option('--loop', 'with --live: begin again at the end')
    .option('--port <port>', '0 takes a free one', parsePort, 0)
    .option('--host <address>', 'anything but loopback lets others in', '127.0.0.1')
    .option('--region <region>', 'region in the ARNs', 'us-east-1')
    .option('--idle-end <time>', 'when a session without new fragments ends', parseDurationMs, 3000)
    .option('--no-limits', "lift the service's quotas")
    .option('--json', 'one JSON object a line')
    .action(emulator)
}

async function emulator(options: EmulatorCommandOptions): Promise<void> {
  const { host, port, region, idleEnd } = options
  const service = await startEmulator({
    host,
    port,
    region,
    idleEndMs: idleEnd,
    ...(options.limits ? {} : { limits: 'off' }),
  })
  try {
    await addStreams(service, options)
    tellReady(service, options)
    await interrupted()
  } finally {
    await service.close()
  }
}

async function addStreams(service: Emulator, options: EmulatorCommandOptions): Promise<void> {
  for (const argument of options.stream) {
    const [name, source] = nameAndFile('--stream', argument)
    await service.addStream({ name, source })
  }
  for (const argument of options.live) {
    const [name, source] = nameAndFile('--live', argument)
    const stream = await service.addStream({ name })
    await stream.playLive(source, { loop: options.loop ?? false })
  }
}

function nameAndFile(option: string, argument: string): [name: string, file: string] {
  const at = argument.indexOf('=')
  if (at < 1 || at === argument.length - 1) throw new OptionError(option, 'have the form NAME=FILE', argument)
  return [argument.slice(0, at), argument.slice(at + 1)]
}

function tellReady(service: Emulator, { region, json }: EmulatorCommandOptions): void {
  const streams = service.streams.map(({ name, arn, fragments }) => ({
    name,
    arn,
    fragments: fragments.length,
  }))
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'ready', url: service.url, region, streams })}\n`)
    return
  }
  const lines = streams.map(({ name, fragments }) => `  ${name}: ${fragments} fragments`)
  process.stdout.write(`Kinesis Video Streams at ${service.url}. For your AWS client:

export AWS_ENDPOINT_URL=${service.url}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${region}

${lines.length === 0 ? '  no streams; give --stream NAME=FILE' : lines.join('\n')}
`)
}

function interrupted(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
