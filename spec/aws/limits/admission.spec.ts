import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { DataEndpointCache } from '../../../lib/aws/endpoints/data-endpoint.ts'
import { AdmissionWatch } from '../../../lib/aws/limits/admission-watch.ts'
import { CallGate, type Permit, processGate } from '../../../lib/aws/limits/call-gate.ts'
import type { WaitingEvent } from '../../../lib/aws/limits/waiting-event.ts'
import { resolveCallSettings } from '../../../lib/aws/operations/call-settings.ts'
import { type Emulator, startEmulator } from '../../../lib/emulator/index.ts'
import {
  AdmissionTimeoutError,
  type GetMediaOptions,
  type GetMediaStream,
  getMedia,
  PutMediaSink,
  ThrottleGuard,
} from '../../../lib/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { CLIP } from '../../support/fault-run.ts'
import { producerMedia } from '../../support/producer-media.ts'

const DOOR = { stream: 'us-west-2/door', account: undefined }

/** One who waits for a session, and what it hears. */
function waiter(gate: CallGate, options: { readonly signal?: AbortSignal } = {}) {
  const events: WaitingEvent[] = []
  const outcome = gate.holdSession(DOOR, { ...options, onWaiting: event => events.push(event) })
  outcome.catch(() => {})
  return { outcome, events, positions: () => events.map(({ position }) => position) }
}

async function fullGate(clock = new FakeClock()): Promise<{ gate: CallGate; permits: Permit[] }> {
  const gate = new CallGate(clock)
  return { gate, permits: await Promise.all([1, 2, 3].map(() => gate.holdSession(DOOR))) }
}

describe('a call that waits for its turn', () => {
  it('hears why, where in the queue it is, and how many are allowed', async () => {
    const { gate } = await fullGate()
    const fourth = waiter(gate)
    assert.deepEqual(fourth.events, [
      {
        ...{ reason: 'session-limit', position: 1, limit: 3 },
        message:
          'stream door: all 3 GetMedia sessions that the service allows are open in this process; ' +
          'waiting for one to end (position 1 in the queue)',
      },
    ])
  })

  it('hears each time it moves up, whether the one ahead was admitted or left', async () => {
    const { gate, permits } = await fullGate()
    const leaving = new AbortController()
    const [first, second, third] = [waiter(gate), waiter(gate, { signal: leaving.signal }), waiter(gate)]
    leaving.abort()
    permits[0]!.release()
    await first.outcome
    assert.deepEqual([first.positions(), second.positions(), third.positions()], [[1], [2], [3, 2, 1]])
    await assert.rejects(second.outcome, { code: 'ERR_ABORTED' })
  })

  it('counts only callers of the same stream ahead of it', async () => {
    const gate = new CallGate(new FakeClock())
    const ofOne = { stream: DOOR.stream, account: '1' }
    const ofTwo = { stream: DOOR.stream, account: '2' }
    for (const key of [ofOne, ofTwo]) for (let count = 0; count < 3; count++) await gate.holdSession(key)
    const positions: [account: string, position: number][] = []
    for (const key of [ofOne, ofTwo, ofOne, ofTwo]) {
      void gate.holdSession(key, { onWaiting: ({ position }) => positions.push([key.account, position]) })
    }
    assert.deepEqual(positions, [
      ...[
        ['1', 1],
        ['2', 1],
      ],
      ...[
        ['1', 2],
        ['2', 2],
      ],
    ])
  })

  it('tells the three rates apart', async () => {
    const gate = new CallGate(new FakeClock())
    const calls = [
      () => gate.takeGetMediaCall(DOOR, { onWaiting }),
      () => gate.takePutMediaCall(DOOR, { onWaiting }),
      () => gate.takeGetDataEndpointCall(DOOR, { onWaiting }),
    ]
    const reasons: string[] = []
    const onWaiting = ({ reason, limit }: WaitingEvent) => void reasons.push(`${reason} ${limit}`)
    for (const call of calls) {
      for (let count = 0; count < 5; count++) await call()
      void call()
    }
    assert.deepEqual(reasons, ['get-media-rate 5', 'put-media-rate 5', 'get-data-endpoint-rate 5'])
  })

  it('fails alone when its listener throws', async () => {
    const { gate, permits } = await fullGate()
    const thrower = gate.holdSession(DOOR, {
      onWaiting: () => {
        throw new Error('a bug')
      },
    })
    const next = waiter(gate)
    await assert.rejects(thrower, /a bug/)
    permits[0]!.release()
    await next.outcome
    assert.deepEqual(next.positions(), [1])
  })
})

describe('the time for waiting', () => {
  it('ends in an error that says what holds the call up and what to do, and leaves nothing behind', async () => {
    const clock = new FakeClock()
    const { gate } = await fullGate(clock)
    const caller = new AbortController()
    const watch = new AdmissionWatch({ clock, timeoutMs: 5000, signal: caller.signal })
    const refused = gate.holdSession(DOOR, watch)
    const behind = waiter(gate)
    refused.catch(() => {})
    await clock.advanceInSteps(4999, 4999)
    assert.deepEqual(behind.positions(), [2])
    await clock.advanceInSteps(1, 1)
    await assert.rejects(refused, (error: Error) => {
      assert.ok(error instanceof AdmissionTimeoutError)
      const { code, retryable, reason, position, limit, timeoutMs } = error
      assert.deepEqual(
        [code, retryable, reason, position, limit, timeoutMs],
        ['ERR_ADMISSION_TIMEOUT', true, 'session-limit', 1, 3, 5000],
      )
      assert.match(
        error.message,
        /not admitted within 5000 ms: stream door: all 3 .*\. Destroy a stream .*raise `admissionTimeoutMs`/,
      )
      return true
    })
    watch.close()
    assert.deepEqual(behind.positions(), [2, 1])
    assert.deepEqual([clock.pendingTimers, getEventListeners(caller.signal, 'abort').length], [0, 0])
  })

  it('is counted over all queues together, and not between them', async () => {
    const clock = new FakeClock()
    const { gate, permits } = await fullGate(clock)
    for (let count = 0; count < 5; count++) await gate.takeGetMediaCall(DOOR)
    const watch = new AdmissionWatch({ clock, timeoutMs: 1000 })
    const session = gate.holdSession(DOOR, watch)
    await clock.advanceInSteps(600, 600)
    permits[0]!.release()
    await session
    assert.equal(clock.pendingTimers, 0)
    await clock.advanceInSteps(60_000, 60_000)
    const call = gate.takeGetMediaCall(DOOR, watch)
    call.catch(() => {})
    await clock.advanceInSteps(399, 399)
    assert.equal(watch.signal.aborted, false)
    await clock.advanceInSteps(1, 1)
    await assert.rejects(call, { code: 'ERR_ADMISSION_TIMEOUT', reason: 'get-media-rate' })
    watch.close()
    assert.equal(clock.pendingTimers, 0)
  })

  it('runs for each caller of one shared question for the endpoint', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    for (let count = 0; count < 5; count++) await gate.takeGetDataEndpointCall(DOOR)
    const cache = new DataEndpointCache()
    const heard: string[] = []
    const callers = [1000, 2000].map(timeoutMs => {
      const watch = new AdmissionWatch({ clock, timeoutMs, onWaiting: ({ reason }) => heard.push(reason) })
      const ask = (options: { readonly signal: AbortSignal }) =>
        gate.takeGetDataEndpointCall(DOOR, options).then(() => 'https://s-1')
      const answer = cache.get('door', clock, watch, ask)
      answer.catch(() => {})
      return { answer, watch }
    })
    await settled()
    assert.deepEqual(heard, ['get-data-endpoint-rate', 'get-data-endpoint-rate'])
    await clock.advanceInSteps(1000, 500)
    await assert.rejects(callers[0]!.answer, { code: 'ERR_ADMISSION_TIMEOUT', timeoutMs: 1000 })
    assert.equal(callers[1]!.watch.signal.aborted, false)
    await clock.advanceInSteps(1000, 500)
    await assert.rejects(callers[1]!.answer, { code: 'ERR_ADMISSION_TIMEOUT', timeoutMs: 2000 })
    for (const { watch } of callers) watch.close()
    assert.equal(clock.pendingTimers, 0)
  })
})

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
let streams = 0

/** A stream of its own with three open sessions: the gate is the process's. */
async function withBusyStream(
  run: (
    open: (options?: Partial<GetMediaOptions>) => GetMediaStream,
    sessions: GetMediaStream[],
  ) => Promise<void>,
): Promise<void> {
  await using emulator = await startEmulator({ limits: 'off', idleEndMs: 60_000 })
  const streamName = `busy-${process.pid}-${streams++}`
  await emulator.addStream({ name: streamName, source: CLIP })
  const open = (options: Partial<GetMediaOptions> = {}) => {
    const stream = getMedia({
      ...{ streamName, region: 'us-east-1', credentials, controlEndpoint: emulator.url },
      ...{ startSelector: { type: 'EARLIEST' }, ...options },
    } as GetMediaOptions)
    opened.push(stream)
    return stream
  }
  const opened: GetMediaStream[] = []
  const sessions = [open(), open(), open()]
  await Promise.all(sessions.map(stream => firstEvent(stream)))
  try {
    await run(open, sessions)
  } finally {
    for (const stream of opened) stream.on('error', () => {}).destroy()
  }
}

async function firstEvent(stream: GetMediaStream): Promise<void> {
  stream.resume()
  await once(stream, 'data')
}

describe('the fourth getMedia() of a stream', () => {
  it('says that it waits, and emits `attempt` when it is admitted', () =>
    withBusyStream(async (open, sessions) => {
      const log: string[] = []
      const [fourth, fifth] = [open(), open()]
      for (const [name, stream] of [
        ['fourth', fourth],
        ['fifth', fifth],
      ] as const) {
        stream.on('waiting', ({ reason, position }: WaitingEvent) =>
          log.push(`${name} ${reason} ${position}`),
        )
        stream.on('attempt', ({ session }: { session: number }) => log.push(`${name} attempt ${session}`))
        stream.resume()
      }
      await settled()
      assert.deepEqual(log, ['fourth session-limit 1', 'fifth session-limit 2'])
      assert.equal(fourth.metrics.sessions, 0)
      sessions[0]!.destroy()
      await once(fourth, 'data')
      assert.deepEqual(log, [
        ...['fourth session-limit 1', 'fifth session-limit 2', 'fifth session-limit 1', 'fourth attempt 1'],
      ])
      assert.equal(fourth.metrics.sessions, 1)
    }))

  it('ends with an AdmissionTimeoutError after admissionTimeoutMs, without an attempt, and frees its place', () =>
    withBusyStream(async (open, sessions) => {
      const clock = new FakeClock()
      const fourth = open({ clock, admissionTimeoutMs: 5000 })
      const fifth = open()
      const positions: number[] = []
      let attempts = 0
      fifth.on('waiting', ({ position }: WaitingEvent) => positions.push(position))
      fourth.on('attempt', () => attempts++)
      const failed = once(fourth, 'error')
      for (const stream of [fourth, fifth]) stream.resume()
      await settled()
      clock.advance(5000)
      const [error] = (await failed) as [AdmissionTimeoutError]
      assert.ok(error instanceof AdmissionTimeoutError)
      assert.deepEqual([attempts, positions, clock.pendingTimers], [0, [2, 1], 0])
      sessions[1]!.destroy()
      await once(fifth, 'data')
    }))

  it('leaves the queue when it is destroyed, by a listener of `waiting` too', () =>
    withBusyStream(async (open, sessions) => {
      const fourth = open()
      fourth.on('waiting', () => fourth.destroy())
      fourth.resume()
      const next = open()
      const positions: number[] = []
      next.on('waiting', ({ position }: WaitingEvent) => positions.push(position))
      next.resume()
      await settled()
      sessions[0]!.destroy()
      await once(next, 'data')
      assert.deepEqual([positions, fourth.destroyed], [[1], true])
    }))

  it('ends with what a listener of `waiting` throws, and holds up nobody', () =>
    withBusyStream(async (open, sessions) => {
      const fourth = open()
      fourth.on('waiting', () => {
        throw new Error('a bug')
      })
      const failed = once(fourth, 'error')
      fourth.resume()
      assert.match(String((await failed)[0]), /a bug/)
      const next = open()
      next.resume()
      sessions[0]!.destroy()
      await once(next, 'data')
    }))
})

describe('ThrottleGuard.admit', () => {
  it('tells of its wait and gives up in time', async () => {
    const stream = { streamName: `admit-${process.pid}`, region: 'us-east-1' }
    const permits = await Promise.all([1, 2, 3].map(() => ThrottleGuard.admit(stream)))
    const clock = new FakeClock()
    const events: WaitingEvent[] = []
    const refused = ThrottleGuard.admit(stream, {
      ...{ clock, admissionTimeoutMs: 100 },
      onWaiting: event => events.push(event),
    })
    refused.catch(() => {})
    await settled()
    clock.advance(100)
    await assert.rejects(refused, { code: 'ERR_ADMISSION_TIMEOUT' })
    assert.deepEqual([events.map(({ reason }) => reason), clock.pendingTimers], [['session-limit'], 0])
    for (const permit of permits) permit.release()
    ;(await ThrottleGuard.admit(stream)).release()
  })
})

describe('PutMediaSink', () => {
  it('says that it waits for the calls of a second, and gives up in time', async () => {
    await using emulator: Emulator = await startEmulator({ limits: 'off' })
    const streamName = `put-${process.pid}`
    await emulator.addStream({ name: streamName })
    const options = { streamName, region: 'us-east-1', credentials, endpoint: emulator.url }
    const { bytes } = producerMedia({ fragments: 1 })
    const log: string[] = []
    const put = (more: object = {}) => {
      const sink = new PutMediaSink({ ...options, ...more })
      sink.on('waiting', ({ reason, position }: WaitingEvent) => log.push(`${reason} ${position}`))
      sink.on('attempt', () => log.push('attempt'))
      sink.end(bytes)
      return once(sink, 'finish')
    }
    await put()
    assert.deepEqual(log, ['attempt'])
    // Calls that are not answered yet count, however long that takes.
    const { key } = resolveCallSettings(options)
    const tickets = await Promise.all([1, 2, 3, 4].map(() => processGate().takePutMediaCall(key)))
    tickets.push(await processGate().takePutMediaCall(key))
    const clock = new FakeClock()
    const refused = put({ clock, admissionTimeoutMs: 1 })
    refused.catch(() => {})
    await settled()
    clock.advance(1)
    await assert.rejects(refused, { code: 'ERR_ADMISSION_TIMEOUT', reason: 'put-media-rate' })
    assert.deepEqual(log, ['attempt', 'put-media-rate 1'])
    for (const ticket of tickets) ticket.answered()
  })
})
