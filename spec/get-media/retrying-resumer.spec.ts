import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { TimeoutError } from '../../lib/aws/http/connection-error.ts'
import { MkvSyntaxError } from '../../lib/core/errors.ts'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { PayloadError } from '../../lib/get-media/payload-error.ts'
import { RetryingResumer } from '../../lib/get-media/retrying-resumer.ts'
import { settled } from '../support/fake-clock.ts'
import {
  eventsOf,
  HurriedClock,
  lineOf,
  linesOf,
  notFound,
  reset,
  resume,
  ScriptedService,
  STREAM_START_MS,
  type Step,
  store,
} from '../support/scripted-attempts.ts'

const cut: Step = { how: 'fails', error: reset() }

describe('RetryingResumer joins sessions', () => {
  for (const after of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`gives each event once when the first session breaks after ${after} events`, async () => {
      const fragments = store(2, 2)
      const service = new ScriptedService(fragments, { script: [{ ...cut, after }] })
      const { lines, error } = await resume(service)
      assert.deepEqual(lines, linesOf(fragments))
      assert.equal(error, undefined)
    })
  }

  const breaks: readonly [string, Step][] = [
    ['a lost connection', cut],
    ['a cut inside an element', { how: 'truncated' }],
    ['an end between two elements', { how: 'tokenless' }],
    ['a clean end without the end of the fragment', { how: 'ends' }],
    ['a stream that is closed with no word', { how: 'closes' }],
    ['an error of the server', { how: 'fails', error: serverError() }],
  ]
  for (const [name, step] of breaks) {
    it(`leaves out frame by frame what comes again after ${name}`, async () => {
      const fragments = store(3, 3)
      const script = [1, 2, 3].map(after => ({ ...step, after }))
      const service = new ScriptedService(fragments, { script })
      const { lines, notices } = await resume(service)
      assert.deepEqual(lines, linesOf(fragments))
      assert.deepEqual(
        notices.resumed.map(({ framesLeftOut }) => framesLeftOut),
        [0, 1, 2],
      )
    })
  }

  it('knows frames again by their place: identical frames one after the other are all given', async () => {
    const same = { data: 'x', timestampMs: 0, keyframe: false }
    const fragments = store({ frames: [same, same, same] })
    const script = [2, 3].map(after => ({ ...cut, after }))
    const { lines } = await resume(new ScriptedService(fragments, { script }))
    assert.deepEqual(lines, ['start 1', 'x', 'x', 'x', 'end 1'])
  })

  it('gives a frame before the next one has arrived', async () => {
    const steps: string[] = []
    const attempt = async function* (): AsyncGenerator<FragmentEvent> {
      for (const event of eventsOf(store(2)[0]!, 'end-of-payload')) {
        steps.push(`${lineOf(event)} arrives`)
        yield event
        await settled()
      }
    }
    const resumer = new RetryingResumer({ startSelector: { type: 'NOW' }, attempt, until: 'caught-up' })
    for await (const event of resumer) {
      steps.push(`${lineOf(event)} is given`)
      if (event.type === 'fragment-end') break
    }
    assert.deepEqual(
      steps,
      ['start 1', '1.0', '1.1', 'end 1'].flatMap(line => [`${line} arrives`, `${line} is given`]),
    )
  })

  it('ends a fragment that the service now sends otherwise, says why, and goes on with what differs', async () => {
    const fragments = store(3, 1)
    const otherwise = (event: FragmentEvent): FragmentEvent =>
      event.type === 'frame' && event.timestampMs === 40 && event.fragmentNumber === '1'
        ? { ...event, data: Buffer.from('new') }
        : event
    const script: Step[] = [
      { ...cut, after: 3 },
      { how: 'ends', change: otherwise },
    ]
    const { lines, error } = await resume(new ScriptedService(fragments, { script }))
    assert.equal(error, undefined)
    assert.deepEqual(lines, [
      'start 1',
      '1.0',
      '1.1',
      'changed 1 after 2: its frame 2 has other bytes',
      'start 1',
      'new',
      '1.2',
      'end 1',
      ...linesOf(fragments.slice(1)),
    ])
  })

  it('knows the frames of a fragment that has changed again, too', async () => {
    const otherwise = (event: FragmentEvent): FragmentEvent =>
      event.type === 'frame' && event.timestampMs === 40 ? { ...event, data: Buffer.from('new') } : event
    const script: Step[] = [
      { ...cut, after: 3 },
      { ...cut, after: 3, change: otherwise },
      { how: 'ends', change: otherwise },
    ]
    const { lines } = await resume(new ScriptedService(store(3), { script }))
    assert.deepEqual(lines, [
      'start 1',
      '1.0',
      '1.1',
      'changed 1 after 2: its frame 2 has other bytes',
      'start 1',
      'new',
      '1.2',
      'end 1',
    ])
  })

  it('ends a fragment that the service now ends earlier', async () => {
    const fragments = store(3, 1)
    const shorter = (event: FragmentEvent) =>
      event.type === 'frame' && event.fragmentNumber === '1' && event.timestampMs > 0 ? undefined : event
    const script: Step[] = [
      { ...cut, after: 3 },
      { how: 'ends', change: shorter },
    ]
    const { lines } = await resume(new ScriptedService(fragments, { script }))
    assert.deepEqual(lines, [
      'start 1',
      '1.0',
      '1.1',
      'changed 1 after 2: it now ends after 1 frames',
      'start 1',
      'end 1',
      ...linesOf(fragments.slice(1)),
    ])
  })

  it('tells of a fragment that is lost, and of the gap with its size', async () => {
    const fragments = store(1, { frames: [{}, { timestampMs: 40, durationMs: 40 }] }, 1, 1)
    const script: Step[] = [{ ...cut, after: 6 }, ...Array<Step>(5).fill({ how: 'ends', oldest: 4 })]
    const { lines, notices } = await resume(new ScriptedService(fragments, { script }))
    assert.deepEqual(lines, [
      ...linesOf(fragments.slice(0, 1)),
      'start 2',
      '2.0',
      '2.1',
      'lost 2 after 2: the service does not send it again',
      'gap 2 to 4: 1920 ms',
      ...linesOf(fragments.slice(3)),
    ])
    assert.deepEqual(notices.gaps, [
      {
        type: 'gap',
        afterFragmentNumber: '2',
        beforeFragmentNumber: '4',
        serverGapMs: 1920,
        producerGapMs: 1920,
        message: 'media between fragments 2 and 4 are not to be had (1920 ms)',
      },
    ])
  })

  it('tells of a gap behind a whole fragment when what followed it is gone', async () => {
    const fragments = store(1, 1, 1)
    const script: Step[] = [{ ...cut, after: 3 }, ...Array<Step>(5).fill({ how: 'ends', oldest: 3 })]
    const { lines } = await resume(new ScriptedService(fragments, { script }))
    assert.deepEqual(lines, [
      ...linesOf(fragments.slice(0, 1)),
      'gap 1 to 3: 2000 ms',
      ...linesOf(fragments.slice(2)),
    ])
  })

  it('gives fragments of one session as they come, whatever their numbers', async () => {
    const fragments = store({ number: '5' }, { number: '3' }, { number: '4' })
    const { lines } = await resume(new ScriptedService(fragments))
    assert.deepEqual(lines, linesOf(fragments))
  })

  it('passes on tags that come late, once', async () => {
    const events = eventsOf(store(1)[0]!, 'end-of-payload')
    const late: FragmentEvent = { type: 'late-tags', fragmentNumber: '1', tags: { a: 'b' } }
    const sessions: FragmentEvent[][] = [
      [...events, late],
      [...events, late],
    ]
    const attempt = async function* () {
      yield* sessions.shift() ?? []
    }
    const { lines } = await resume({ attempt })
    assert.deepEqual(lines, ['start 1', '1.0', 'end 1', 'late-tags 1'])
  })
})

describe('RetryingResumer starts again', () => {
  it('by the token of the last whole fragment, never of one that was partly read', async () => {
    const service = new ScriptedService(store(2, 2, 2), { script: [{ ...cut, after: 7 }] })
    await resume(service)
    assert.deepEqual(service.starts, [
      { type: 'EARLIEST' },
      { type: 'CONTINUATION_TOKEN', continuationToken: 't1' },
      { type: 'CONTINUATION_TOKEN', continuationToken: 't3' },
    ])
  })

  it('after the number of the last whole fragment where it has no token', async () => {
    const service = new ScriptedService(store({ token: null }, 2), { script: [{ ...cut, after: 6 }] })
    const { lines } = await resume(service)
    assert.deepEqual(lines, linesOf(store(2, 2)))
    assert.deepEqual(service.starts.slice(0, 2), [
      { type: 'EARLIEST' },
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1' },
    ])
  })

  it('by token, number, server time and EARLIEST in turn as the service refuses them', async () => {
    const fragments = store(1, 1, 1)
    const refused: Step = { how: 'refuses', error: notFound() }
    const script = [{ ...cut, after: 3 }, refused, refused, refused]
    const service = new ScriptedService(fragments, { script })
    const { lines } = await resume(service)
    assert.deepEqual(lines, linesOf(fragments))
    assert.deepEqual(service.starts, [
      { type: 'EARLIEST' },
      { type: 'CONTINUATION_TOKEN', continuationToken: 't1' },
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1' },
      { type: 'SERVER_TIMESTAMP', timestamp: new Date(STREAM_START_MS) },
      { type: 'EARLIEST' },
      { type: 'CONTINUATION_TOKEN', continuationToken: 't3' },
    ])
  })

  it('leaves a token alone that is no valid one', async () => {
    const service = new ScriptedService(store({ token: 'no token!' }, 1), { script: [{ ...cut, after: 4 }] })
    await resume(service)
    assert.deepEqual(service.starts[1], { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1' })
  })

  it('with the caller’s own start while nothing is whole', async () => {
    const startSelector = { type: 'SERVER_TIMESTAMP', timestamp: new Date(STREAM_START_MS) } as const
    const service = new ScriptedService(store(2), {
      script: [
        { ...cut, after: 2 },
        { ...cut, after: 3 },
      ],
    })
    const { lines } = await resume(service, { startSelector })
    assert.deepEqual(lines, linesOf(store(2)))
    assert.deepEqual(service.starts.slice(0, 3), [startSelector, startSelector, startSelector])
  })

  it('does not skip what was partly read from NOW', async () => {
    const fragments = store(1, 2)
    const more = store(1, 2, 1, 1)
    const service = new ScriptedService(fragments, {
      script: [
        { ...cut, after: 2 },
        { how: 'ends', fragments: more },
      ],
    })
    const { lines } = await resume(service, { startSelector: { type: 'NOW' } })
    assert.deepEqual(lines, linesOf(more.slice(1)))
    assert.deepEqual(service.starts.slice(0, 2), [
      { type: 'NOW' },
      { type: 'FROM_FRAGMENT', fragmentNumber: '2' },
    ])
  })

  it('asks for NOW again while nothing was read', async () => {
    const service = new ScriptedService(store(1), { script: [{ ...cut, after: 0 }] })
    await resume(service, { startSelector: { type: 'NOW' } })
    assert.deepEqual(service.starts.slice(0, 2), [{ type: 'NOW' }, { type: 'NOW' }])
  })

  it('falls back from a start that is gone meanwhile to the marks of the fragment that was partly read', async () => {
    const startSelector = { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '1' } as const
    const refused: Step = { how: 'refuses', error: notFound() }
    const service = new ScriptedService(store(1, 2, 1), { script: [{ ...cut, after: 2 }, refused] })
    const { lines } = await resume(service, { startSelector })
    assert.deepEqual(lines, linesOf(store(1, 2, 1).slice(1)))
    assert.deepEqual(service.starts.slice(0, 3), [
      startSelector,
      startSelector,
      { type: 'FROM_FRAGMENT', fragmentNumber: '2' },
    ])
  })

  it('includes the fragment of FROM_FRAGMENT itself', async () => {
    const service = new ScriptedService(store(1, 2, 1), { script: [{ ...cut, after: 2 }] })
    const { lines } = await resume(service, { startSelector: { type: 'FROM_FRAGMENT', fragmentNumber: '2' } })
    assert.deepEqual(lines, linesOf(store(1, 2, 1).slice(1)))
  })

  it('reaches the fragment of FROM_FRAGMENT by its server time where the number is refused, and leaves out what lies before', async () => {
    const [first, second, third] = [0, 1, 2].map(index => realNumber(index, STREAM_START_MS + index * 1000))
    const fragments = store({ number: first! }, { number: second! }, { number: third! })
    const refuses: Step = {
      how: 'refuses',
      error: Object.assign(new Error('no'), { name: 'InvalidArgumentException' }),
    }
    const service = new ScriptedService(
      fragments.map((fragment, index) => ({
        ...fragment,
        // The service starts a fragment too early.
        serverTimestamp: new Date(STREAM_START_MS + index * 1000 + 1),
      })),
      { script: [refuses] },
    )
    const { lines } = await resume(service, {
      startSelector: { type: 'FROM_FRAGMENT', fragmentNumber: second! },
    })
    assert.deepEqual(lines, linesOf(fragments.slice(1)))
    assert.deepEqual(service.starts[1], {
      type: 'SERVER_TIMESTAMP',
      timestamp: new Date(STREAM_START_MS + 1000),
    })
  })
})

describe('RetryingResumer waits', () => {
  const retry = { retries: 6, minTimeout: 100, factor: 3, maxTimeout: 2000 }

  it('before each retry for a part, drawn evenly, of the full back-off', async () => {
    const draws = [0.5, 0.25, 0, 1, 0.75, 0.5]
    const clock = new HurriedClock()
    const script = Array<Step>(7).fill({ how: 'refuses', error: reset() })
    const { notices } = await resume(new ScriptedService([], { script }), {
      retry,
      clock,
      random: () => draws.shift()!,
    })
    assert.deepEqual(
      notices.retries.map(({ delayMs, failures, retriesLeft }) => [delayMs, failures, retriesLeft]),
      [
        [0.5 * 100, 1, 5],
        [0.25 * 300, 2, 4],
        [0, 3, 3],
        [1 * 2000, 4, 2],
        [0.75 * 2000, 5, 1],
        [0.5 * 2000, 6, 0],
      ],
    )
    assert.deepEqual(clock.waits, [50, 75, 2000, 1500, 1000])
  })

  it('and counts afresh after a session that brought something new', async () => {
    const refused: Step = { how: 'refuses', error: reset() }
    const script = [refused, refused, { ...cut, after: 2 }, refused, { ...cut, after: 3 }, refused, refused]
    const { lines, notices } = await resume(new ScriptedService(store(3), { script }), {
      retry: { ...retry, retries: 2 },
      random: () => 1,
    })
    assert.deepEqual(lines, linesOf(store(3)))
    assert.deepEqual(
      notices.retries.map(({ delayMs, failures, retriesLeft }) => [delayMs, failures, retriesLeft]),
      [
        [100, 1, 1],
        [300, 2, 0],
        [100, 0, 2],
        [100, 1, 1],
        [100, 0, 2],
        [100, 1, 1],
        [300, 2, 0],
        [0, 0, 2],
      ],
    )
  })

  it('but not after an end that is ordinary', async () => {
    const clock = new HurriedClock()
    const fragments = store(...Array<number>(100).fill(1))
    const script = fragments.map((): Step => ({ how: 'ends', after: 3, lastsMs: 45 * 60_000 }))
    const service = new ScriptedService(fragments, { script, clock })
    const { lines, notices } = await resume(service, { clock, retry: { retries: 0 } })
    assert.deepEqual(lines, linesOf(fragments))
    assert.deepEqual(clock.waits, [])
    assert.deepEqual(
      notices.retries.map(({ error, failures }) => [error, failures]),
      fragments.map(() => [null, 0]),
    )
  })

  it('with no limit on the number of three-second ends, and no wait of its own', async () => {
    const clock = new HurriedClock()
    const script = Array<Step>(500).fill({ how: 'ends', after: 0, lastsMs: 3000 })
    const service = new ScriptedService(store(1), { script, clock, stopsAtEnd: true })
    const { lines, notices } = await resume(service, { clock, until: 'forever', retry: { retries: 0 } })
    assert.deepEqual(lines, linesOf(store(1)))
    assert.equal(notices.attempts.length, 502)
    assert.deepEqual(clock.waits, [])
  })

  it('longer and longer for a service that ends each session at once with nothing', async () => {
    const clock = new HurriedClock()
    const script = Array<Step>(8).fill({ how: 'ends', after: 0, lastsMs: 0 })
    const service = new ScriptedService([], { script, clock, stopsAtEnd: true })
    await resume(service, { clock, until: 'forever', random: () => 1 })
    assert.deepEqual(clock.waits, [200, 400, 800, 1600, 3200, 5000, 5000, 5000])
  })

  it('only shortly again after media came', async () => {
    const clock = new HurriedClock()
    const quiet: Step = { how: 'ends', after: 0, lastsMs: 0 }
    const script: Step[] = [quiet, quiet, quiet, { how: 'ends', lastsMs: 0 }, quiet, quiet]
    const service = new ScriptedService(store(1), { script, clock, stopsAtEnd: true })
    await resume(service, { clock, until: 'forever', random: () => 1 })
    assert.deepEqual(clock.waits, [200, 400, 800, 200, 400])
  })
})

describe('RetryingResumer gives up', () => {
  it('at once when the fragment is not found that the caller starts after', async () => {
    const startSelector = { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '9' } as const
    const service = new ScriptedService(store(1))
    const { error } = await resume(service, { startSelector })
    assert.equal((error as { code?: string }).code, 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND')
    assert.equal(service.starts.length, 1)
  })

  it('with the last error and all attempts in its cause, after all that came before', async () => {
    const errors = [1, 2, 3].map(n => Object.assign(new Error(`failure ${n}`), { code: 'ECONNRESET' }))
    const script: Step[] = [
      { ...cut, after: 2 },
      ...errors.map((error): Step => ({ how: 'fails', after: 0, error })),
    ]
    const { lines, error } = await resume(new ScriptedService(store(3), { script }), {
      retry: { retries: 2 },
    })
    assert.deepEqual(lines, ['start 1', '1.0'])
    assert.equal(error, errors[2])
    const { cause } = error as Error
    assert.ok(cause instanceof AggregateError)
    assert.deepEqual(cause.errors, errors)
    assert.equal(cause.message, '3 attempts failed')
  })

  it('with an error that can be shown and sent', async () => {
    const failure = Object.assign(new Error('gone'), { code: 'ECONNRESET', cause: new Error('why') })
    const script = Array<Step>(3).fill({ how: 'refuses', error: failure })
    const { error } = await resume(new ScriptedService([], { script }), { retry: { retries: 2 } })
    assert.match(inspect(error), /3 attempts failed/)
    assert.equal(JSON.stringify(error), '{"code":"ECONNRESET"}')
    const chain: unknown[] = []
    for (let link: unknown = error; link instanceof Error; link = link.cause) chain.push(link.message)
    assert.deepEqual(chain, ['gone', '3 attempts failed', 'why'])
  })

  it('with an error that cannot be changed as it is', async () => {
    const failure = Object.freeze(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
    const script = Array<Step>(3).fill({ how: 'refuses', error: failure })
    const { error } = await resume(new ScriptedService([], { script }), { retry: { retries: 2 } })
    assert.equal(error, failure)
  })

  const byProducerTime = { type: 'PRODUCER_TIMESTAMP', timestamp: new Date(STREAM_START_MS) } as const
  const forGood: readonly [string, unknown][] = [
    ['a stream that does not exist', named('ResourceNotFoundException')],
    ['a start of the caller that is refused', named('InvalidArgumentException')],
    ['a key that cannot be used', new PayloadError(4501, 'KMS_KEY_DISABLED', null)],
    ['bytes that are no Matroska', new MkvSyntaxError('a zero id', 7, '')],
    ['a bug of the attempt function', new TypeError('x is not a function')],
    ['something thrown that is no error', 'text'],
  ]
  for (const how of ['throws', 'refuses', 'fails'] as const) {
    for (const [name, thrown] of forGood) {
      it(`at once for ${name}, when the attempt ${how}`, async () => {
        const service = new ScriptedService(store(3), { script: [{ how, after: 0, error: thrown }] })
        const { error } = await resume(service, { startSelector: byProducerTime })
        assert.equal(service.starts.length, 1)
        assert.equal(thrown instanceof Error ? error : (error as Error).cause, thrown)
      })
    }
  }

  it('after all that came before an error that no retry can mend', async () => {
    const error = new MkvSyntaxError('a zero id', 7, '')
    const service = new ScriptedService(store(3), { script: [{ how: 'fails', after: 3, error }] })
    const outcome = await resume(service)
    assert.deepEqual([outcome.lines, outcome.error], [['start 1', '1.0', '1.1'], error])
    assert.equal(service.starts.length, 1)
  })

  it('when fresh credentials and endpoints do not help', async () => {
    const script = Array<Step>(9).fill({ how: 'refuses', error: named('NotAuthorizedException') })
    const service = new ScriptedService([], { script })
    const { error } = await resume(service)
    assert.equal((error as Error).name, 'NotAuthorizedException')
    assert.equal(service.starts.length, 4)
  })

  it('but not when fresh credentials help each time, however often', async () => {
    const expired: Step = { how: 'refuses', error: named('NotAuthorizedException') }
    const quiet: Step = { how: 'ends', after: 0 }
    const script = Array.from({ length: 20 }, () => [expired, expired, quiet]).flat()
    const service = new ScriptedService(store(1), { script, stopsAtEnd: true })
    const { lines } = await resume(service, { until: 'forever' })
    assert.deepEqual(lines, linesOf(store(1)))
  })

  it('keeps only so many errors where it may retry without end', async () => {
    const script = [
      ...Array<Step>(300).fill({ how: 'refuses', error: reset() }),
      { how: 'refuses', error: named('ResourceNotFoundException') } as Step,
    ]
    const { error } = await resume(new ScriptedService([], { script }), {
      retry: { retries: Number.POSITIVE_INFINITY },
    })
    assert.equal(((error as Error).cause as AggregateError).errors.length, 100)
  })

  it('on a fragment that always breaks off, once the retries are used up', async () => {
    const script = Array<Step>(4).fill({ how: 'truncated', after: 2 })
    const { lines, error } = await resume(new ScriptedService(store(3), { script }), {
      retry: { retries: 2 },
    })
    assert.deepEqual(lines, ['start 1', '1.0'])
    assert.equal((error as { code?: string }).code, 'ERR_MKV_TRUNCATED')
  })
})

describe('RetryingResumer until caught up', () => {
  it('ends after exactly one more session from the last token that brings nothing', async () => {
    const service = new ScriptedService(store(1, 1))
    const { error } = await resume(service)
    assert.equal(error, undefined)
    assert.deepEqual(service.starts, [
      { type: 'EARLIEST' },
      { type: 'CONTINUATION_TOKEN', continuationToken: 't2' },
    ])
  })

  it('ends on an empty stream', async () => {
    const service = new ScriptedService([])
    const { lines, error } = await resume(service)
    assert.deepEqual([lines, error, service.starts], [[], undefined, [{ type: 'EARLIEST' }]])
  })

  it('goes on when that session brings something', async () => {
    const more = store(1, 1)
    const script: Step[] = [{ how: 'ends' }, { how: 'ends', fragments: more }]
    const service = new ScriptedService(store(1), { script })
    const { lines } = await resume(service)
    assert.deepEqual(lines, linesOf(more))
    assert.equal(service.starts.length, 3)
  })

  it('does not take a failure for the end', async () => {
    const script: Step[] = [{ how: 'ends' }, { ...cut, after: 0 }, { how: 'refuses', error: reset() }]
    const service = new ScriptedService(store(1), { script })
    await resume(service)
    assert.equal(service.starts.length, 4)
  })

  it('takes bodies that fall silent for the end only when three in a row do', async () => {
    const silent: Step = { how: 'fails', after: 0, error: idleTimeout() }
    const service = new ScriptedService(store(1), {
      script: [{ how: 'ends' }, ...Array<Step>(9).fill(silent)],
    })
    const { lines, error } = await resume(service, { retry: { retries: 0 } })
    assert.equal(error, undefined)
    assert.deepEqual(lines, linesOf(store(1)))
    assert.equal(service.starts.length, 4)
  })

  it('fetches again a fragment in which the body fell silent', async () => {
    const silent: Step = { how: 'fails', after: 2, error: idleTimeout() }
    const service = new ScriptedService(store(2), { script: [silent, silent] })
    const { lines } = await resume(service)
    assert.deepEqual(lines, linesOf(store(2)))
  })

  it('gives up on a fragment in which the body always falls silent', async () => {
    const silent: Step = { how: 'fails', after: 2, error: idleTimeout() }
    const service = new ScriptedService(store(2), { script: Array<Step>(9).fill(silent) })
    const { lines, error } = await resume(service, { until: 'forever', retry: { retries: 2 } })
    assert.deepEqual([lines, (error as { code?: string }).code], [['start 1', '1.0'], 'ERR_IDLE_TIMEOUT'])
    assert.equal(service.starts.length, 4)
  })

  it('does not take a fragment as whole that ends ever earlier, or later, without its token', async () => {
    const ends = (after: number): Step[] => Array<Step>(4).fill({ how: 'tokenless', after })
    const script: Step[] = [{ ...cut, after: 3 }, ...ends(2), ...ends(2), ...ends(3), ...ends(4)]
    const service = new ScriptedService(store(4), { script })
    const { lines, error } = await resume(service)
    assert.equal(error, undefined)
    assert.deepEqual(lines, linesOf(store(4)))
  })

  it('gives a fragment up as lost when three sessions bring nothing while it is open', async () => {
    const quiet: Step = { how: 'ends', after: 0 }
    const service = new ScriptedService(store(2), {
      script: [{ ...cut, after: 2 }, ...Array<Step>(9).fill(quiet)],
    })
    const { lines, error } = await resume(service)
    assert.equal(error, undefined)
    assert.deepEqual(lines, ['start 1', '1.0', 'lost 1 after 1: the service does not send it again'])
    assert.equal(service.starts.length, 4)
  })

  it('takes a last fragment without token as whole when five sessions end behind the same frame', async () => {
    const fragments = store(1, { token: null })
    const service = new ScriptedService(fragments)
    const { lines, error } = await resume(service)
    assert.equal(error, undefined)
    assert.deepEqual(lines, linesOf(fragments))
    assert.deepEqual(service.starts, [
      { type: 'EARLIEST' },
      ...Array(4).fill({ type: 'CONTINUATION_TOKEN', continuationToken: 't1' }),
      { type: 'FRAGMENT_NUMBER', afterFragmentNumber: '2' },
    ])
  })

  it('does not take a clean end inside what the reader has already for the end', async () => {
    const refused: Step = { how: 'refuses', error: notFound() }
    const script: Step[] = [
      { ...cut, after: 8 },
      ...[refused, refused, refused],
      { how: 'ends', after: 2 },
      { how: 'tokenless', after: 2 },
    ]
    const { lines } = await resume(new ScriptedService(store(2, 2, 2), { script }))
    assert.deepEqual(lines, linesOf(store(2, 2, 2)))
  })
})

function named(name: string): Error {
  return Object.assign(new Error(`it is ${name}`), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  })
}

function serverError(): Error {
  return Object.assign(new Error('down'), { name: 'Unknown', $fault: 'server', $metadata: {} })
}

function idleTimeout(): Error {
  return new TimeoutError('ERR_IDLE_TIMEOUT', 'silent', 10_000)
}

/** A fragment number of the service's shape. */
function realNumber(sequence: number, epochMs: number): string {
  return String((1n << 156n) | (BigInt(sequence) << 92n) | (BigInt(epochMs) << 28n))
}
