import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { type FragmentEvent, getMedia } from '../../lib/index.ts'

/** Sessions that break in the middle of frames, early enough for each of the captures. */
export const BREAKS: readonly Fault[] = [
  { type: 'reset', atByte: 7001 },
  { type: 'cut', atByte: 9000 },
  { type: 'exception', errorType: 'InternalFailure', statusCode: 500 },
  { type: 'end', atByte: 8100 },
]

/** A file through the local service, its sessions broken, into some stages. */
export async function consumeThroughFaults(
  source: string,
  stages: readonly object[],
  faults: readonly Fault[] = BREAKS,
): Promise<void> {
  await using emulator = await startEmulator({ idleEndMs: 100, limits: 'off' })
  await emulator.addStream({ name: 'door', source })
  emulator.faults('door', faults)
  const stream = getMedia({
    ...{ streamName: 'door', region: 'us-east-1', startSelector: { type: 'EARLIEST' }, until: 'caught-up' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...{ controlEndpoint: emulator.url, idleTimeoutMs: 500, random: () => 0 },
  })
  await pipeline([stream, ...stages] as NodeJS.WritableStream[])
  assert.equal(emulator.pendingFaults('door'), 0)
}

/** The events of a file that comes through the local service, its sessions broken. */
export async function eventsThroughFaults(source: string): Promise<FragmentEvent[]> {
  const events: FragmentEvent[] = []
  const collector = new Writable({
    objectMode: true,
    write(event: FragmentEvent, _encoding, callback) {
      events.push(event)
      callback()
    },
  })
  await consumeThroughFaults(source, [collector])
  return events
}
