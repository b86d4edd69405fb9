import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import pc from 'picocolors'
import { type Emulator, startEmulator } from '../../emulator/index.ts'
import { type GetMediaStream, getMedia, MkvFileSink, type RetryEvent } from '../../index.ts'
import { FrameLedger } from '../demo/frame-ledger.ts'
import { EXIT_CODES, raiseExitCode } from '../exit-code.ts'
import { Tally } from '../tally.ts'
import { LiveLine } from '../terminal/live-line.ts'

const CLIP = fileURLToPath(new URL('../demo/camera.mkv', import.meta.url))
/** The block of the first session in whose middle the connection breaks: about five seconds into the clip. */
const BREAK_IN_BLOCK = 220

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Shows it all on this machine: a local service, a camera clip in real time, a broken connection.',
    )
    .action(demo)
}

async function demo(): Promise<void> {
  const service = await startEmulator()
  try {
    console.log(`A local Kinesis Video Streams at ${service.url}; the camera "door" sends for 13 seconds.`)
    console.log('The connection will break once, in the middle of a frame.\n')
    await service.addStream({ name: 'door' })
    service.faults('door', [{ type: 'cut-in-block', block: BREAK_IN_BLOCK }])
    await service.stream('door').playLive(CLIP)
    await consume(service)
  } finally {
    await service.close()
  }
}

async function consume(service: Emulator): Promise<void> {
  const ledger = await FrameLedger.of(CLIP)
  const file = join(await mkdtemp(join(tmpdir(), 'getmedia-')), 'door.mkv')
  const tally = new Tally()
  const stream = getMedia({
    streamName: 'door',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    controlEndpoint: service.url,
    startSelector: { type: 'EARLIEST' },
    until: 'caught-up',
  })
  const live = showProgress(stream, tally)
  try {
    await pipeline(stream, events => tally.count(ledger.watch(events)), new MkvFileSink({ path: file }))
  } finally {
    live.stop()
  }
  console.log(
    `\n${tally.summary(stream, [
      ['frames lost', ledger.lost],
      ['frames twice', ledger.twice],
    ])}`,
  )
  console.log(`\nWhat came plays: ${file}`)
  if (ledger.lost + ledger.twice > 0) raiseExitCode(EXIT_CODES.failed)
}

function showProgress(stream: GetMediaStream, tally: Tally): LiveLine {
  const live = new LiveLine(() => tally.liveText(stream.metrics), { withoutTerminalEveryMs: 1000 })
  const say = (text: string) => {
    live.clear()
    console.log(text)
  }
  stream.on('retry', ({ error, delayMs }: RetryEvent) => {
    if (error !== null) say(pc.yellow(`${error.message}; next attempt in ${delayMs} ms`))
  })
  stream.on('resumed', ({ framesLeftOut }: { framesLeftOut: number }) => {
    if (framesLeftOut > 0) say(pc.green(`resumed; ${framesLeftOut} frames came again and were left out`))
  })
  return live
}
