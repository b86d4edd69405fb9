import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { DataEndpointCache, endpointOfAnswer } from '../../../lib/aws/endpoints/data-endpoint.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'

/** Questions that stay open until the spec answers them. */
function questions() {
  const asked: { signal: AbortSignal; answer: (endpoint: string) => void; fail: (error: Error) => void }[] =
    []
  const ask = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise<string>((answer, fail) => {
      asked.push({ signal, answer, fail })
    })
  return { asked, ask }
}

describe('the data endpoint of a stream', () => {
  it('is asked for once by callers at the same time, and kept for 45 minutes', async () => {
    const cache = new DataEndpointCache()
    const clock = new FakeClock()
    const { asked, ask } = questions()
    const callers = [1, 2, 3].map(() => cache.get('door', clock, {}, ask))
    asked[0]!.answer('https://s-1')
    assert.deepEqual(await Promise.all(callers), ['https://s-1', 'https://s-1', 'https://s-1'])
    clock.advance(45 * 60_000 - 1)
    assert.equal(await cache.get('door', clock, {}, ask), 'https://s-1')
    assert.equal(asked.length, 1)
    clock.advance(1)
    const later = cache.get('door', clock, {}, ask)
    asked[1]!.answer('https://s-2')
    assert.equal(await later, 'https://s-2')
    assert.equal(cache.size, 1)
  })

  it('still comes for the others when one caller is aborted', async () => {
    const cache = new DataEndpointCache()
    const { asked, ask } = questions()
    const controller = new AbortController()
    const aborted = cache.get('door', new FakeClock(), { signal: controller.signal }, ask)
    const other = cache.get('door', new FakeClock(), {}, ask)
    controller.abort()
    await assert.rejects(aborted, { code: 'ERR_ABORTED' })
    assert.equal(asked[0]!.signal.aborted, false)
    asked[0]!.answer('https://s-1')
    assert.equal(await other, 'https://s-1')
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  it('is no longer asked for when the last caller has left, and asked for anew by the next', async () => {
    const cache = new DataEndpointCache()
    const { asked, ask } = questions()
    const controller = new AbortController()
    const aborted = cache.get('door', new FakeClock(), { signal: controller.signal }, ask)
    controller.abort()
    await assert.rejects(aborted, { code: 'ERR_ABORTED' })
    await settled()
    assert.equal(asked[0]!.signal.aborted, true)
    const next = cache.get('door', new FakeClock(), {}, ask)
    asked[0]!.fail(new Error('dropped'))
    asked[1]!.answer('https://s-2')
    assert.equal(await next, 'https://s-2')
  })

  it('that could not be had is an error for all who asked, and is asked for again', async () => {
    const cache = new DataEndpointCache()
    const { asked, ask } = questions()
    const callers = [1, 2].map(() => cache.get('door', new FakeClock(), {}, ask))
    asked[0]!.fail(new Error('no'))
    for (const caller of callers) await assert.rejects(caller, /no/)
    const next = cache.get('door', new FakeClock(), {}, ask)
    asked[1]!.answer('https://s-1')
    assert.equal(await next, 'https://s-1')
  })

  it('is dropped when it failed, but not when another has taken its place', async () => {
    const cache = new DataEndpointCache()
    const clock = new FakeClock()
    const give = (endpoint: string) => () => Promise.resolve(endpoint)
    await cache.get('door', clock, {}, give('https://s-1'))
    cache.invalidate('door', 'https://s-1')
    assert.equal(await cache.get('door', clock, {}, give('https://s-2')), 'https://s-2')
    cache.invalidate('door', 'https://s-1')
    assert.equal(await cache.get('door', clock, {}, give('https://s-3')), 'https://s-2')
    cache.invalidate('door')
    assert.equal(await cache.get('door', clock, {}, give('https://s-3')), 'https://s-3')
  })

  it('is forgotten with time, also where nobody asks for it again', async () => {
    const cache = new DataEndpointCache()
    const clock = new FakeClock()
    for (let key = 0; key < 100; key++) {
      await cache.get(`key-${key}`, clock, {}, async () => 'https://s-1')
      clock.advance(60_000)
    }
    assert.ok(cache.size <= 46)
  })
})

describe('the answer of GetDataEndpoint', () => {
  it('is an http or https URL, without a slash at its end', () => {
    assert.equal(
      endpointOfAnswer('{"DataEndpoint":"https://s-1.example/"}', undefined),
      'https://s-1.example',
    )
    assert.equal(
      endpointOfAnswer('{"DataEndpoint":"http://127.0.0.1:1/base"}', undefined),
      'http://127.0.0.1:1/base',
    )
  })

  it('is an error where it is anything else', () => {
    for (const body of [
      '',
      '{}',
      'null',
      '[]',
      '{"DataEndpoint":5}',
      '{"DataEndpoint":"x"}',
      '{"DataEndpoint":"file:///x"}',
    ]) {
      assert.throws(() => endpointOfAnswer(body, 'id-1'), { code: 'ERR_SERVICE', requestId: 'id-1' })
    }
  })
})
