import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '../../lib/emulator/index.ts'
import { randomFrom } from './chunkings.ts'
import { cluster, ebmlHeader, info, segmentHead, tracks } from './mkv-builder.ts'
import { PutMediaClient } from './put-media-client.ts'

/** What one round found. */
export type KillRound = {
  /** Fragments that were sent, at least in part. */
  readonly sent: number
  /** Fragments that were acknowledged as PERSISTED before the kill. */
  readonly persisted: number
  /** Fragments that were there afterwards. */
  readonly found: number
  /** What is wrong; empty where the promise was kept. */
  readonly problems: readonly string[]
}

const SERVICE = fileURLToPath(new URL('./durable-service.ts', import.meta.url))
/** Fragments of earlier rounds stay; each round's timecodes are its own. */
const ROUND_MS = 100_000_000

/**
 * Puts fragments into a service that runs in another process, kills that process at a random moment, and looks at what
 * its directory holds. Same seed, same fragments and the same count of acknowledgements before the kill.
 */
export async function killRound(directory: string, seed: number, round: number): Promise<KillRound> {
  const random = randomFrom(seed * 10_007 + round)
  const service = spawn(process.execPath, ['--import', 'tsx', SERVICE, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const producer = new PutMediaClient(await urlOf(service))
  const fragments = makeFragments(random, round)
  const killAfter = 1 + Math.floor(random() * 40)
  const killed = killLater(service, producer, killAfter, Math.floor(random() * 200))
  let sent = 0
  await producer.write(Buffer.concat([ebmlHeader(), segmentHead(), info(), tracks()]))
  for (const bytes of fragments) {
    if (service.exitCode !== null || service.signalCode !== null) break
    await producer.write(bytes)
    sent++
  }
  void producer.end()
  await killed
  await producer.done
  const persisted = producer.acks.filter(ack => ack.EventType === 'PERSISTED')
  return { sent, ...(await check(directory, fragments, persisted, round)) }
}

async function urlOf(service: ChildProcess): Promise<string> {
  const [line] = await once(service.stdout!, 'data')
  return String(line).trim()
}

/** Some hundred fragments, from a few bytes to a few pieces of the store long. */
function makeFragments(random: () => number, round: number): Buffer[] {
  return Array.from({ length: 120 }, (_, index) => {
    const data = Buffer.alloc(Math.floor(2 ** (4 + random() * 17.5)))
    for (let at = 0; at < data.length; at += 997) data[at] = Math.floor(random() * 256)
    return cluster({ timestamp: round * ROUND_MS + index * 1000, blocks: [{ keyframe: true, data }] })
  })
}

/** Kills when so many fragments are PERSISTED and the event loop has gone round so often. */
async function killLater(
  service: ChildProcess,
  producer: PutMediaClient,
  persisted: number,
  turns: number,
): Promise<void> {
  await producer.ack('PERSISTED', persisted)
  for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
  const exited = once(service, 'exit')
  service.kill('SIGKILL')
  await exited
}

async function check(
  directory: string,
  fragments: readonly Buffer[],
  persisted: readonly { readonly FragmentNumber?: string; readonly FragmentTimecode?: number }[],
  round: number,
): Promise<Omit<KillRound, 'sent'>> {
  await using emulator = await startEmulator({ dataDirectory: directory, limits: 'off' })
  const stored = emulator.stream('door').fragments
  const problems: string[] = []
  const numbers = stored.map(fragment => fragment.number)
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!))
    problems.push('out of order')
  const ofRound = stored.filter(fragment => Math.floor(fragment.timestampMs / ROUND_MS) === round)
  for (const fragment of ofRound) {
    const expected = fragments[(fragment.timestampMs % ROUND_MS) / 1000]!
    if (!expected.equals(fragment.cluster)) problems.push(`${fragment.number} is not whole`)
  }
  const found = new Set(ofRound.map(fragment => String(fragment.number)))
  for (const ack of persisted) {
    if (!found.has(ack.FragmentNumber!)) problems.push(`${ack.FragmentNumber} is lost`)
  }
  return { persisted: persisted.length, found: ofRound.length, problems }
}
