import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RandomFaults } from '../../lib/emulator/faults/random-faults.ts'
import { type Fault, startEmulator } from '../../lib/emulator/index.ts'
import { type FragmentEvent, getMedia } from '../../lib/index.ts'
import { CLIP } from '../support/fault-run.ts'

/** The fragment events of one run over the clip, its first session struck by a fault. */
async function eventsUnder(
  fault: Fault,
): Promise<{ events: FragmentEvent[]; retries: (string | undefined)[] }> {
  await using emulator = await startEmulator({ limits: 'off', idleEndMs: 50 })
  await emulator.addStream({ name: 'door', source: CLIP })
  emulator.faults('door', [fault])
  const stream = getMedia({
    streamName: 'door',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    controlEndpoint: emulator.url,
    startSelector: { type: 'EARLIEST' },
    until: 'caught-up',
    retry: { minTimeout: 1, maxTimeout: 1 },
  })
  const retries: (string | undefined)[] = []
  stream.on('retry', ({ error }: { error: (Error & { code?: string }) | null }) => {
    if (error !== null) retries.push(error.code)
  })
  const events: FragmentEvent[] = []
  for await (const event of stream) events.push(event)
  return { events, retries }
}

/** The time of each fragment's first frame, in milliseconds. */
function firstTimes(events: readonly FragmentEvent[]): number[] {
  return events.flatMap((event, index) =>
    event.type === 'frame' && events[index - 1]?.type === 'fragment-start' ? [event.timestampMs] : [],
  )
}

describe('a fault', () => {
  it('stale-endpoint refuses every call until GetDataEndpoint is asked again', async () => {
    const { events, retries } = await eventsUnder({ type: 'stale-endpoint' })
    assert.deepEqual([retries, firstTimes(events).length], [['ERR_INVALID_ENDPOINT'], 10])
  })

  it('clock-skew is answered as by a service whose clock is off', async () => {
    const { retries } = await eventsUnder({ type: 'clock-skew' })
    assert.deepEqual(retries, ['ERR_EXPIRED_TOKEN'])
  })

  it('no-trailing-tags leaves one chunk without its token', async () => {
    const { events } = await eventsUnder({ type: 'no-trailing-tags', afterFragments: 2 })
    const ends = events.flatMap(event => (event.type === 'fragment-end' ? [event.endedBy] : []))
    assert.deepEqual(ends.slice(0, 4), ['token', 'token', 'next-document', 'token'])
  })

  it('repeated-timecode gives later clusters the time of the one before', async () => {
    const { events } = await eventsUnder({ type: 'repeated-timecode', afterFragments: 3 })
    const times = firstTimes(events)
    assert.deepEqual(
      times.slice(3).map(time => time - times[2]!),
      new Array<number>(7).fill(0),
    )
  })

  it('backward-timecode starts the clusters again at zero', async () => {
    const { events } = await eventsUnder({ type: 'backward-timecode', afterFragments: 3 })
    assert.deepEqual(firstTimes(events).slice(3), [0, 1, 2, 3, 4, 5, 6])
  })

  it('recycled-stream gives later fragments to another contact', async () => {
    const { events } = await eventsUnder({ type: 'recycled-stream', afterFragments: 8, contactId: 'call-2' })
    const contacts = events.flatMap(event => (event.type === 'fragment-end' ? [event.tags.ContactId] : []))
    assert.deepEqual(contacts, [...new Array<undefined>(8).fill(undefined), 'call-2', 'call-2'])
  })
})

describe('faults by chance', () => {
  const draw = (seed: number, share = 0.5) => {
    const faults = new RandomFaults({ seed, share })
    return Array.from({ length: 50 }, () => faults.next())
  }

  it('are the same for the same seed, and others for another', () => {
    assert.deepEqual(draw(7), draw(7))
    assert.notDeepEqual(draw(7), draw(8))
  })

  it('strike the share of the calls that was asked for', () => {
    const struck = (share: number) => draw(1, share).filter(fault => fault !== undefined).length
    assert.deepEqual([struck(0), struck(1)], [0, 50])
  })
})

describe('the admin API', () => {
  it('tells health and streams, and plans and forgets faults while the service runs', async () => {
    await using emulator = await startEmulator()
    await emulator.addStream({ name: 'door', source: CLIP })
    const call = async (method: string, path: string, body?: object) => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
      const response = await fetch(`${emulator.url}/_emulator/${path}`, init)
      return [response.status, (await response.json()) as Record<string, unknown>] as const
    }
    const [, health] = await call('GET', 'health')
    const [, streams] = await call('GET', 'streams')
    const [, planned] = await call('POST', 'streams/door/faults', [{ type: 'throttle' }, null])
    const [, more] = await call('POST', 'streams/door/faults', {
      faults: [{ type: 'throttle' }],
      random: { seed: 1 },
    })
    const [, forgotten] = await call('DELETE', 'streams/door/faults')
    const [wrongStatus, wrong] = await call('POST', 'streams/door/faults', [{ type: 'earthquake' }])
    const [missingStatus] = await call('POST', 'streams/attic/faults', [])
    const [unknownStatus] = await call('GET', 'secrets')
    const [stream] = streams as unknown as { name: string; fragments: number }[]
    assert.deepEqual([health.status, stream?.name, stream?.fragments], ['ok', 'door', 10])
    assert.deepEqual([planned.pendingFaults, more.pendingFaults, forgotten.pendingFaults], [2, 3, 0])
    assert.match(String(wrong.message), /`faults\[0\]\.type` must be one of/)
    assert.deepEqual([wrongStatus, missingStatus, unknownStatus], [400, 404, 404])
  })
})
