import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { type FragmentEvent, joinStages, MkvChunkDemuxer, TagExtractor } from '../../lib/index.ts'
import { type MkvEvent, MkvReader } from '../../lib/matroska/index.ts'

/** What a payload says, as events. */
export async function eventsOf(payload: Uint8Array): Promise<FragmentEvent[]> {
  const extractor = new TagExtractor({ errorTags: 'report' })
  const events: FragmentEvent[] = []
  for await (const event of joinStages(Readable.from([payload]), new MkvChunkDemuxer(), extractor)) {
    events.push(event)
  }
  return events
}

/** What bytes of Matroska say. */
export function readMkv(bytes: Uint8Array): MkvEvent[] {
  const reader = new MkvReader()
  reader.push(bytes)
  reader.end()
  const events: MkvEvent[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event)
  return events
}

/** `track@time text` of each frame. */
export function framesOf(bytes: Uint8Array): string[] {
  return readMkv(bytes).flatMap(event =>
    event.type === 'frame' ? [`${event.track}@${event.timestampMs} ${Buffer.from(event.data)}`] : [],
  )
}

export function countOf(bytes: Uint8Array, type: MkvEvent['type']): number {
  return readMkv(bytes).filter(event => event.type === type).length
}

export type Packet = {
  readonly track: string
  readonly timeMs: string
  readonly size: string
  readonly md5: string
}

/** ffmpeg's own word on the packets of a file, their times in milliseconds; its messages go to `messages`. */
export async function packetsOf(path: string): Promise<{ packets: Packet[]; messages: string }> {
  const args = ['-v', 'error', '-i', path, '-map', '0', '-c', 'copy', '-f', 'framemd5', '-']
  const { stdout, stderr } = await run('ffmpeg', args)
  const msPerTick = new Map(
    Array.from(stdout.matchAll(/^#tb (\d+): (\d+)\/(\d+)$/gm), ([, track = '', num, den]) => [
      track,
      (1000 * Number(num)) / Number(den),
    ]),
  )
  const packets = stdout
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(',').map(field => field.trim()))
    .map(([track = '', , ticks, , size = '', md5 = '']) => {
      return { track, timeMs: String(Math.round(Number(ticks) * msPerTick.get(track)!)), size, md5 }
    })
  return { packets, messages: stderr }
}

/** Everything that ffmpeg complains of when it decodes a file. */
export async function decodeMessages(path: string): Promise<string> {
  return (await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'null', '-'])).stderr
}

/** Runs a tool; rejects with its messages unless it exits with 0. */
export async function run(
  tool: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  return await promisify(execFile)(tool, [...args], { maxBuffer: 64 * 1024 * 1024 })
}

type Target = { write(event: FragmentEvent, callback: (error?: Error | null) => void): boolean }

/** Writes the events, one after the other; resolves when the stage has taken the last. */
export async function writeAll(stage: Target, events: readonly FragmentEvent[]): Promise<void> {
  for (const event of events) {
    await new Promise<void>((resolve, reject) => {
      stage.write(event, error => (error ? reject(error) : resolve()))
    })
  }
}

/** A directory that is gone with the block that declares it: `await using directory = await scratch()`. */
export async function scratch(): Promise<
  AsyncDisposable & { file(name: string): string; readonly path: string }
> {
  const path = await mkdtemp(join(tmpdir(), 'getmedia-outputs-'))
  return {
    path,
    file: name => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  }
}
