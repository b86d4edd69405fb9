import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { DescribeStreamCommand, GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { startEmulator } from '../../lib/emulator/index.ts'
import { CallLimiter } from '../../lib/emulator/limits/call-limiter.ts'
import { Pacer } from '../../lib/emulator/limits/pacer.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import {
  controlClient,
  framesIn,
  mediaClient,
  openMedia,
  readAll,
  readUntil,
  recording,
  tagValues,
} from './clients.ts'

const NOW = { StartSelectorType: 'NOW' } as const

/** The names of the errors of some calls, `undefined` for a call that went well. */
async function errorNames(calls: readonly Promise<unknown>[]): Promise<(string | undefined)[]> {
  const results = await Promise.allSettled(calls)
  return results.map(result => (result.status === 'rejected' ? result.reason.name : undefined))
}

/** Moves the clock on in small steps until the promise is settled, and says how far. */
async function advanceUntil(clock: FakeClock, promise: Promise<unknown>): Promise<number> {
  const fromMs = clock.now()
  let isSettled = false
  promise.finally(() => {
    isSettled = true
  })
  while (!isSettled) {
    clock.advance(1)
    await settled()
  }
  return clock.now() - fromMs
}

describe('the emulator’s call limits', () => {
  it('lets five GetMedia calls a second through on each stream', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({
      clock,
      limits: { getMediaSessions: Number.POSITIVE_INFINITY },
    })
    await emulator.addStream({ name: 'door', source: recording(1) })
    await emulator.addStream({ name: 'gate', source: recording(1) })
    const client = mediaClient(emulator)
    const call = async (name = 'door') => (await openMedia(client, NOW, name)).destroy()
    for (let calls = 0; calls < 5; calls++) await call()
    await assert.rejects(call(), {
      name: 'ClientLimitExceededException',
      message: "Limit exceeded on number of requests for GetMedia API for resource 'door'",
    })
    await call('gate')
    clock.advance(999)
    await assert.rejects(call(), { name: 'ClientLimitExceededException' })
    clock.advance(1)
    await call()
  })

  it('limits GetDataEndpoint and DescribeStream likewise, each for itself', async () => {
    await using emulator = await startEmulator({ clock: new FakeClock() })
    await emulator.addStream({ name: 'door' })
    const client = controlClient(emulator)
    const endpoint = () =>
      client.send(new GetDataEndpointCommand({ StreamName: 'door', APIName: 'GET_MEDIA' }))
    const describe = () => client.send(new DescribeStreamCommand({ StreamName: 'door' }))
    const six = Array.from({ length: 6 })
    const limited = [undefined, undefined, undefined, undefined, undefined, 'ClientLimitExceededException']
    const sorted = (names: (string | undefined)[]) => names.sort()
    assert.deepEqual(sorted(await errorNames(six.map(endpoint))), sorted([...limited]))
    assert.deepEqual(sorted(await errorNames(six.map(describe))), sorted([...limited]))
  })

  it('counts the calls of any second, not those that it refused', () => {
    const clock = new FakeClock()
    const limiter = new CallLimiter(2, clock)
    const taken: boolean[] = []
    for (let call = 0; call < 8; call++) {
      taken.push(limiter.tryTake())
      clock.advance(400)
    }
    assert.deepEqual(taken, [true, true, false, true, true, false, true, true])
  })
})

describe('the emulator’s session limit', () => {
  it('refuses the fourth session and frees a slot as soon as a client goes', async () => {
    await using emulator = await startEmulator({
      limits: { getMediaCallsPerSecond: Number.POSITIVE_INFINITY },
    })
    await emulator.addStream({ name: 'door', source: recording(1) })
    const client = mediaClient(emulator)
    const bodies: Readable[] = []
    for (let session = 0; session < 3; session++) bodies.push(await openMedia(client, NOW))
    await assert.rejects(openMedia(client, NOW), { name: 'ConnectionLimitExceededException' })
    bodies[0]!.destroy()
    await emulator.requests[0]!.finished
    bodies.push(await openMedia(client, NOW))
    for (const body of bodies) body.destroy()
  })

  it('has freed the slot when the client sees the end', async () => {
    await using emulator = await startEmulator({
      idleEndMs: 0,
      limits: { getMediaCallsPerSecond: Number.POSITIVE_INFINITY, getMediaSessions: 1 },
    })
    await emulator.addStream({ name: 'door', source: recording(1) })
    const client = mediaClient(emulator)
    for (let session = 0; session < 10; session++) {
      assert.equal(framesIn(await readAll(await openMedia(client, NOW))).length, 3)
    }
  })
})

describe('the emulator’s times', () => {
  it('ends a session cleanly three seconds after the last fragment', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock })
    const stream = await emulator.addStream({ name: 'door', source: recording(1) })
    const body = await openMedia(mediaClient(emulator))
    const first = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 1)
    clock.advance(2999)
    stream.append(recording(1))
    const both = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 2, first)
    assert.equal(framesIn(both).length, 6)
    clock.advance(2999)
    await settled()
    assert.equal(emulator.requests[0]!.endedBy, undefined)
    await advanceUntil(clock, readAll(body))
    assert.equal(emulator.requests[0]!.endedBy, 'idle')
  })

  it('ends a session after its lifetime, between fragments', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock, sessionLifetimeMs: 10_000, idleEndMs: 60_000 })
    const stream = await emulator.addStream({ name: 'door', source: recording(1) })
    const body = await openMedia(mediaClient(emulator))
    const first = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 1)
    clock.advance(9999)
    stream.append(recording(1))
    const both = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 2, first)
    clock.advance(1)
    assert.equal(framesIn(Buffer.concat([both, await readAll(body)])).length, 6)
    assert.equal(emulator.requests[0]!.endedBy, 'lifetime')
  })
})

describe('the emulator’s pacing', () => {
  it('sends so many bytes a second', async () => {
    const clock = new FakeClock()
    const source = document(info(), tracks(), cluster({ blocks: [{ data: Buffer.alloc(100_000) }] }))
    await using emulator = await startEmulator({ clock, idleEndMs: 0, limits: { bytesPerSecond: 50_000 } })
    await emulator.addStream({ name: 'door', source })
    const body = readAll(await openMedia(mediaClient(emulator)))
    const tookMs = await advanceUntil(clock, body)
    const dueMs = ((await body).length / 50_000) * 1000
    assert.ok(tookMs >= dueMs - 60, `${tookMs} ms for what is due in ${dueMs} ms`)
  })

  it('sends five fragments a second', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock, idleEndMs: 0 })
    await emulator.addStream({ name: 'door', source: recording(11) })
    const tookMs = await advanceUntil(clock, readAll(await openMedia(mediaClient(emulator))))
    assert.ok(tookMs >= 1999, `${tookMs} ms for eleven fragments`)
  })

  it('makes up for late timers, and gives no credit for a reader’s pause', () => {
    const clock = new FakeClock()
    const pacer = new Pacer(1000, 20, clock)
    assert.equal(pacer.reserve(100), 0)
    assert.equal(pacer.reserve(100), 80)
    clock.advance(190)
    assert.equal(pacer.reserve(100), 0)
    assert.equal(pacer.reserve(100), 90)
    clock.advance(60_000)
    assert.equal(pacer.reserve(100), 0)
    assert.equal(pacer.reserve(100), 80)
    assert.equal(new Pacer(Number.POSITIVE_INFINITY, 20, clock).reserve(10 ** 9), 0)
  })

  it('is held back by a client that does not read', async () => {
    const megabyte = Buffer.alloc(1_000_000)
    const blocks = Array.from({ length: 64 }, () => ({ data: megabyte }))
    await using emulator = await startEmulator({ limits: 'off' })
    await emulator.addStream({ name: 'door', source: document(info(), tracks(), cluster({ blocks })) })
    const body = await openMedia(mediaClient(emulator))
    await readUntil(body, bytes => bytes.length > 0)
    const sent = await steady(() => emulator.requests[0]!.bytesSent)
    assert.ok(sent < 32_000_000, `${sent} of 64,000,000 bytes were sent`)
    assert.equal(emulator.requests[0]!.endedBy, undefined)
    body.destroy()
    await emulator.requests[0]!.finished
  })
})

/** A number that has stopped changing, for a hundred rounds of the event loop. */
async function steady(read: () => number): Promise<number> {
  let value = read()
  for (let rounds = 0; rounds < 100; rounds++) {
    await settled()
    if (read() !== value) rounds = 0
    value = read()
  }
  return value
}
