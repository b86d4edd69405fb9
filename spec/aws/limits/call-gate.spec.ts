import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { CallGate, processGate } from '../../../lib/aws/limits/call-gate.ts'
import { GetMediaError } from '../../../lib/core/errors.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'

const DOOR = { stream: 'us-west-2/door', account: undefined }
const YARD = { stream: 'us-west-2/yard', account: undefined }

/** Starts `count` callers and notes who was let through, in order, and when. */
function callers(count: number, clock: FakeClock, call: (caller: number) => Promise<unknown>) {
  const admitted: [caller: number, atMs: number][] = []
  for (let caller = 0; caller < count; caller++) {
    call(caller).then(
      () => admitted.push([caller, clock.now()]),
      () => {},
    )
  }
  return admitted
}

describe('the gate before GetMedia calls', () => {
  it('lets five through at once and the others in turn, never more than five in a second', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const admitted = callers(12, clock, async () => (await gate.takeGetMediaCall(DOOR)).answered())
    await settled()
    assert.equal(admitted.length, 5)
    await clock.advanceInSteps(4_000, 50)
    assert.deepEqual(
      admitted.map(([caller]) => caller),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    )
    for (let index = 5; index < admitted.length; index++) {
      assert.ok(admitted[index]![1] - admitted[index - 5]![1] > 1_000)
    }
    assert.equal(clock.pendingTimers, 0)
  })

  it('counts a call as long as its answer is out, since it may arrive any moment', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const tickets = await Promise.all([1, 2, 3, 4, 5].map(() => gate.takeGetMediaCall(DOOR)))
    const admitted = callers(1, clock, () => gate.takeGetMediaCall(DOOR))
    await clock.advanceInSteps(30_000, 1_000)
    assert.equal(admitted.length, 0)
    tickets[2]!.answered()
    tickets[2]!.answered()
    await clock.advanceInSteps(1_000, 100)
    assert.equal(admitted.length, 0)
    await clock.advanceInSteps(200, 100)
    assert.equal(admitted.length, 1)
    assert.equal(clock.pendingTimers, 0)
  })

  it('counts each stream, and GetDataEndpoint, for itself', async () => {
    const gate = new CallGate(new FakeClock())
    for (let call = 0; call < 5; call++) {
      await gate.takeGetMediaCall(DOOR)
      await gate.takeGetMediaCall(YARD)
      await gate.takeGetDataEndpointCall(DOOR)
    }
  })

  it('lets a waiting caller go when its signal fires, and leaves no timer and no listener', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const controller = new AbortController()
    const { signal } = controller
    for (let call = 0; call < 5; call++) (await gate.takeGetMediaCall(DOOR)).answered()
    const first = gate.takeGetMediaCall(DOOR, { signal })
    const second = gate.takeGetMediaCall(DOOR)
    controller.abort(new Error('enough'))
    await assert.rejects(first, { code: 'ERR_ABORTED', message: 'waiting to call GetMedia was aborted' })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    await clock.advanceInSteps(1_200, 100)
    await second
    assert.equal(clock.pendingTimers, 0)
    await assert.rejects(gate.takeGetMediaCall(DOOR, { signal }), GetMediaError.is)
  })

  it('leaves no timer when the only one who waits is aborted, and no listener when one is admitted', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const controller = new AbortController()
    const { signal } = controller
    for (let call = 0; call < 5; call++) (await gate.takeGetMediaCall(DOOR, { signal })).answered()
    const waiting = gate.takeGetMediaCall(DOOR, { signal })
    await settled()
    assert.equal(clock.pendingTimers, 1)
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    controller.abort()
    await assert.rejects(waiting, GetMediaError.is)
    assert.equal(clock.pendingTimers, 0)
  })
})

describe('the gate before sessions', () => {
  it('has three open, and the next in turn when one is released', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const permits = await Promise.all([1, 2, 3].map(() => gate.holdSession(DOOR)))
    const admitted = callers(2, clock, () => gate.holdSession(DOOR))
    await settled()
    assert.equal(admitted.length, 0)
    permits[1]!.release()
    permits[1]!.release()
    await settled()
    assert.deepEqual(admitted, [[0, 0]])
    permits[0]!.release()
    await settled()
    assert.equal(admitted.length, 2)
  })

  it('lets an aborted caller leave the line', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    const [permit] = await Promise.all([1, 2, 3].map(() => gate.acquireSession(DOOR)))
    const controller = new AbortController()
    const first = gate.acquireSession(DOOR, { signal: controller.signal })
    const second = gate.acquireSession(DOOR)
    controller.abort()
    await assert.rejects(first, { code: 'ERR_ABORTED' })
    permit!.release()
    ;(await second).release()
  })

  it('gives the session back when the wait for the call is aborted', async () => {
    const gate = new CallGate(new FakeClock())
    for (let call = 0; call < 5; call++) (await gate.acquireSession(DOOR)).release()
    const controller = new AbortController()
    const aborted = [1, 2, 3].map(() => gate.acquireSession(DOOR, { signal: controller.signal }))
    await settled()
    controller.abort()
    assert.deepEqual(
      (await Promise.allSettled(aborted)).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    for (let session = 0; session < 3; session++) await gate.holdSession(DOOR)
  })

  it('counts a stream by name and by ARN as one, and equal names of two accounts as two', async () => {
    const gate = new CallGate(new FakeClock())
    const ofOne = { stream: DOOR.stream, account: '1' }
    const ofTwo = { stream: DOOR.stream, account: '2' }
    const permits = [
      await gate.holdSession(ofOne),
      await gate.holdSession(ofOne),
      await gate.holdSession(DOOR),
    ]
    const waiting = gate.holdSession(ofOne)
    permits.push(await gate.holdSession(ofTwo))
    permits[2]!.release()
    await waiting
  })
})

describe('the gate', () => {
  it('forgets streams that nobody uses', async () => {
    const clock = new FakeClock()
    const gate = new CallGate(clock)
    for (let stream = 0; stream < 1_000; stream++) {
      const key = { stream: `us-west-2/${stream}`, account: undefined }
      ;(await gate.acquireSession(key)).release()
      ;(await gate.takeGetDataEndpointCall(key)).answered()
      clock.advance(100)
    }
    assert.ok(gate.size <= 40, `${gate.size} streams are kept`)
    assert.equal(clock.pendingTimers, 0)
  })

  it('is one for the process', () => {
    assert.equal(processGate(), processGate())
    assert.equal(Reflect.get(globalThis, Symbol.for('getmedia.call-gate.3')), processGate())
  })
})
