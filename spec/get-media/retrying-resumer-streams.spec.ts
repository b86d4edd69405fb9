import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import {
  PassThrough as NativePassThrough,
  Readable as NativeReadable,
  Transform as NativeTransform,
  Writable,
} from 'node:stream'
import { pipeline as nativePipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { PassThrough, pipeline, Readable } from 'readable-stream'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { RetryingResumer, type RetryingResumerOptions } from '../../lib/get-media/retrying-resumer.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import {
  eventsOf,
  HurriedClock,
  lineOf,
  linesOf,
  noticesOf,
  reset,
  resume,
  ScriptedService,
  type Step,
  store,
  type Vehicle,
} from '../support/scripted-attempts.ts'

const hangs = (after: number): Step => ({ how: 'hangs', after })

function resumerOf(service: Pick<ScriptedService, 'attempt'>, options: Partial<RetryingResumerOptions> = {}) {
  return new RetryingResumer({ startSelector: { type: 'EARLIEST' }, attempt: service.attempt, ...options })
}

describe('RetryingResumer takes as an attempt', () => {
  const vehicles: readonly Vehicle[] = [
    'iterable',
    'native',
    'readable-stream',
    'pipeline',
    'native pipeline',
    'compose',
    'web',
  ]
  for (const vehicle of vehicles) {
    it(`a stream of this make: ${vehicle}`, async () => {
      const script: Step[] = [
        { how: 'fails', after: 2, error: reset() },
        { how: 'fails', after: 6, error: reset() },
      ]
      const service = new ScriptedService(store(3, 2), { script, vehicle })
      const { lines, error } = await resume(service)
      assert.equal(error, undefined)
      assert.deepEqual(lines, linesOf(store(3, 2)))
    })
  }

  it('an array of events', async () => {
    const sessions = [eventsOf(store(1)[0]!, 'end-of-payload'), []]
    const attempt = () => sessions.shift() as unknown as AsyncIterable<FragmentEvent>
    assert.deepEqual((await resume({ attempt })).lines, linesOf(store(1)))
  })

  it('a stream that had ended, failed or been closed before it was handed over', async () => {
    const ended = Readable.from([]).resume()
    const failed = new NativePassThrough({ objectMode: true }).on('error', () => {}).destroy(reset())
    const closed = new PassThrough({ objectMode: true }).destroy()
    await settled()
    const sessions = [failed, closed, ended]
    const { error, notices } = await resume({ attempt: () => sessions.shift()! })
    assert.equal(error, undefined)
    assert.deepEqual(
      notices.retries.map(({ error }) => (error as { code?: string } | null)?.code),
      ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'],
    )
  })

  it('nothing else: what is no stream, and what gives no events, are bugs that end it', async () => {
    const wrong: unknown[] = [undefined, null, 5, {}, [5], [Buffer.from('mkv')], [store(1)[0]!.frames[0]]]
    const messages: string[] = []
    for (const value of wrong) {
      const attempt = (() => value) as RetryingResumerOptions['attempt']
      const { error, notices } = await resume({ attempt })
      messages.push(`${(error as Error).name}: ${(error as Error).message}`)
      assert.equal(notices.attempts.length, 1)
    }
    const noStream = (value: string) =>
      `TypeError: \`attempt\` must give a stream or an async iterable of FragmentEvents; got ${value}`
    assert.deepEqual(messages, [
      ...['undefined', 'null', '5', '{}'].map(noStream),
      'StageInputError: RetryingResumer takes FragmentEvents, and 5 was written to it. ' +
        'Put TagExtractor before it, behind MkvChunkDemuxer, or use getMedia().',
      'StageInputError: RetryingResumer takes FragmentEvents, and a Buffer of 3 bytes was written to it. ' +
        'Pipe the bytes through MkvChunkDemuxer and TagExtractor first, or use getMedia().',
      'TypeError: an attempt gave a frame outside of a fragment',
    ])
  })
})

describe('RetryingResumer is a stream', () => {
  it('that checks its options at once', () => {
    const good = { startSelector: { type: 'NOW' }, attempt: () => [] }
    const wrong: readonly [string, object][] = [
      ['attempt', { attempt: 5 }],
      ['startSelector.type', { startSelector: { type: 'LATEST' } }],
      ['until', { until: 'noon' }],
      ['retry.retries', { retry: { retries: -1 } }],
      ['retry.factor', { retry: { factor: 0.5 } }],
      ['retry.minTimeout', { retry: { minTimeout: Number.POSITIVE_INFINITY } }],
      ['retry.maxTimeout', { retry: { maxTimeout: Number.NaN } }],
      ['signal', { signal: {} }],
    ]
    const refused = wrong.map(([, change]) => {
      const options = { ...good, ...change } as unknown as RetryingResumerOptions
      return thrownBy(() => new RetryingResumer(options)).option
    })
    assert.deepEqual(
      refused,
      wrong.map(([option]) => option),
    )
  })

  it('that makes no attempt before it is read', async () => {
    const service = new ScriptedService(store(1))
    const resumer = resumerOf(service)
    await settled()
    assert.equal(service.starts.length, 0)
    resumer.destroy()
  })

  it('that reads an attempt no further ahead than the high-water marks', async () => {
    const service = new ScriptedService(store(1000), { script: [hangs(1000)] })
    const resumer = resumerOf(service)
    resumer.read()
    await settled()
    // One is read, 8 wait here, and 2 and one more in the attempt's stream.
    assert.equal(resumer.readableLength, resumer.readableHighWaterMark)
    const pulled = service.pulled
    await settled()
    assert.equal(service.pulled, pulled)
    assert.ok(pulled <= 12, `${pulled} were taken`)
    resumer.destroy()
  })

  it('that starts no session for a reader that does not read', async () => {
    const fragments = store(...Array<number>(20).fill(1))
    const script = Array<Step>(50).fill({ how: 'ends', after: 3 })
    const service = new ScriptedService(fragments, { script })
    const resumer = resumerOf(service, { clock: new HurriedClock() })
    resumer.read()
    await settled()
    const sessions = service.starts.length
    for (let turn = 0; turn < 20; turn++) await settled()
    assert.deepEqual([sessions, service.starts.length], [3, 3])
    resumer.destroy()
  })

  const readers: readonly [string, (resumer: RetryingResumer) => Promise<string[]>][] = [
    ['one by one', async resumer => await readBySteps(resumer)],
    ['by pausing and resuming', async resumer => await readInFits(resumer)],
    ['with a listener for readable that comes late', async resumer => await readLate(resumer)],
    ['through a native pipeline', async resumer => await readThrough(resumer, nativePipeline)],
    [
      'through a pipeline of readable-stream',
      async resumer => await readThrough(resumer, promisify(pipeline)),
    ],
    ['as a web stream', async resumer => await readAsWeb(resumer)],
  ]
  for (const [name, read] of readers) {
    it(`that gives all when it is read ${name}`, async () => {
      const fragments = store(...Array<number>(12).fill(5))
      const script = [3, 9, 20, 2, 30].map((after): Step => ({ how: 'fails', after, error: reset() }))
      const service = new ScriptedService(fragments, { script })
      const resumer = resumerOf(service, { until: 'caught-up', clock: new HurriedClock() })
      assert.deepEqual(await read(resumer), linesOf(fragments))
    })
  }

  it('that gives what came before it gave up, however slowly it is read', async () => {
    const service = new ScriptedService(store(5), {
      script: [{ how: 'fails', after: 5, error: new TypeError('for good') }],
    })
    const resumer = resumerOf(service)
    const lines: string[] = []
    let message = ''
    try {
      for await (const event of resumer) {
        await settled()
        lines.push(lineOf(event))
      }
    } catch (error) {
      message = (error as Error).message
    }
    assert.deepEqual([lines, message], [['start 1', '1.0', '1.1', '1.2', '1.3'], 'for good'])
  })

  it('that hands on what a listener throws, and does not take it for a failure of the session', async () => {
    const outcomes: unknown[] = []
    for (const name of ['data', 'attempt', 'retry', 'resumed', 'gap']) {
      const script: Step[] = [
        { how: 'fails', after: 5, error: reset() },
        ...Array<Step>(9).fill({ how: 'ends', oldest: 3 }),
      ]
      const service = new ScriptedService(store(1, 2, 1), { script })
      const resumer = resumerOf(service, { clock: new HurriedClock(), until: 'caught-up' })
      const thrown = Object.assign(new Error(`thrown by ${name}`), { code: 'ECONNRESET' })
      resumer.on(name, () => {
        throw thrown
      })
      resumer.resume()
      const [error] = await once(resumer, 'error')
      outcomes.push(error === thrown)
    }
    assert.deepEqual(outcomes, [true, true, true, true, true])
  })

  it('that lets timers run while sessions end at once', async () => {
    let sessions = 0
    const attempt = () => {
      sessions++
      return [] as unknown as AsyncIterable<FragmentEvent>
    }
    const resumer = resumerOf({ attempt }, { retry: { minTimeout: 0 } })
    resumer.resume()
    await new Promise(resolve => setTimeout(resolve, 1))
    resumer.destroy()
    await once(resumer, 'close')
    assert.ok(sessions > 0)
  })
})

describe('RetryingResumer, destroyed or aborted,', () => {
  type Moment = {
    readonly name: string
    readonly step: Step
    readonly attempt?: RetryingResumerOptions['attempt']
    readonly read: (resumer: RetryingResumer) => void
    /** Whether an attempt was made by then. */
    readonly isMade?: boolean
  }
  const all = (resumer: RetryingResumer) => resumer.resume()
  const moments: readonly Moment[] = [
    { name: 'before it is read', step: hangs(0), read: () => {}, isMade: false },
    { name: 'while an attempt is made', step: hangs(0), attempt: () => new Promise(() => {}), read: all },
    { name: 'while it waits for the first event', step: hangs(0), read: all },
    { name: 'while it waits for an event', step: hangs(3), read: all },
    { name: 'while it waits to try again', step: { how: 'refuses', error: reset() }, read: all },
    { name: 'while its reader stands still', step: hangs(40), read: resumer => resumer.read() },
  ]
  const reason = new Error('enough')
  type Way = {
    readonly name: string
    readonly end: (resumer: RetryingResumer, user: AbortController) => void
    readonly errors: readonly unknown[]
  }
  const ways: readonly Way[] = [
    { name: 'by destroy', end: resumer => resumer.destroy(), errors: [] },
    {
      name: 'by destroy with an error',
      end: resumer => resumer.destroy(reason),
      errors: [['enough', undefined]],
    },
    {
      name: 'by its signal',
      end: (_, user) => user.abort(reason),
      errors: [['GetMedia was aborted', reason]],
    },
  ]
  for (const { name, step, attempt, read, isMade = true } of moments) {
    for (const way of ways) {
      it(`${way.name} ${name}, frees everything`, async () => {
        const user = new AbortController()
        const clock = new FakeClock()
        const service = new ScriptedService(store(50), { script: [step] })
        const signals: AbortSignal[] = []
        const resumer = resumerOf(service, {
          signal: user.signal,
          clock,
          random: () => 1,
          attempt: (start, context) => {
            signals.push(context.signal)
            return (attempt ?? service.attempt)(start, context)
          },
        })
        const errors: unknown[] = []
        resumer.on('error', error => errors.push([error.message, error.cause]))
        const closed = new Promise(resolve => resumer.once('close', resolve))
        read(resumer)
        await settled()
        way.end(resumer, user)
        await closed
        await settled()
        assert.deepEqual(openStreams(service), [])
        assert.deepEqual(
          signals.map(({ aborted }) => aborted),
          isMade ? [true] : [],
        )
        assert.deepEqual(getEventListeners(user.signal, 'abort'), [])
        assert.equal(clock.pendingTimers, 0)
        assert.deepEqual(errors, way.errors)
      })
    }
  }

  it('by a signal that had fired before, makes no attempt', async () => {
    const service = new ScriptedService(store(1))
    const resumer = resumerOf(service, { signal: AbortSignal.abort() })
    const [error] = await once(resumer, 'error')
    resumer.read()
    await settled()
    assert.deepEqual([(error as { code?: string }).code, service.starts], ['ERR_ABORTED', []])
  })

  it('while an attempt is made, gives up the stream that comes of it later', async () => {
    const late = new PassThrough({ objectMode: true })
    let give = (_: Readable) => {}
    const attempt = () =>
      new Promise<Readable>(resolve => {
        give = resolve
      })
    const resumer = resumerOf({ attempt })
    resumer.resume()
    await settled()
    resumer.destroy()
    late.write(store(1)[0]!.frames[0])
    give(late)
    await settled()
    late.emit('error', reset())
    assert.equal(late.destroyed, true)
  })

  it('from its own notices, makes no attempt more', async () => {
    const counts: number[] = []
    for (const name of ['attempt', 'retry', 'resumed', 'gap']) {
      const script: Step[] = [
        { how: 'fails', after: 5, error: reset() },
        ...Array<Step>(9).fill({ how: 'ends', oldest: 3 }),
      ]
      const service = new ScriptedService(store(1, 2, 1), { script })
      const resumer = resumerOf(service, { clock: new HurriedClock() })
      resumer.on(name, () => resumer.destroy())
      resumer.resume()
      await once(resumer, 'close')
      await settled()
      counts.push(service.starts.length)
    }
    // Token and number are refused before the gap shows.
    assert.deepEqual(counts, [0, 1, 4, 4])
  })

  it('leaves no listener on the signal when it ends by itself', async () => {
    const user = new AbortController()
    const script: Step[] = [{ how: 'fails', after: 2, error: reset() }]
    const service = new ScriptedService(store(2), { script })
    const { error } = await resume(service, { signal: user.signal })
    assert.equal(error, undefined)
    assert.deepEqual(getEventListeners(user.signal, 'abort'), [])
    assert.deepEqual(
      service.signals.map(({ aborted }) => aborted),
      [true, true, true],
    )
    assert.deepEqual(
      service.streams.map(stream => stream?.destroyed),
      [true, true, true],
    )
  })

  it('closes each session’s stream before the next one starts', async () => {
    const states: boolean[][] = []
    const script = [1, 2, 3].map((after): Step => ({ how: 'truncated', after }))
    const service = new ScriptedService(store(4), { script })
    const resumer = resumerOf(service, { until: 'caught-up', clock: new HurriedClock() })
    resumer.on('attempt', () => states.push(service.streams.map(stream => stream?.destroyed ?? true)))
    resumer.resume()
    await once(resumer, 'end')
    assert.deepEqual(states, [[], [true], [true, true], [true, true, true], [true, true, true, true]])
  })
})

describe('RetryingResumer tells', () => {
  it('of each attempt, what ended it, and where it went on', async () => {
    const failure = reset()
    const service = new ScriptedService(store(2, 2), { script: [{ how: 'fails', after: 6, error: failure }] })
    const resumer = resumerOf(service, { until: 'caught-up', clock: new HurriedClock(), random: () => 0.5 })
    const notices = noticesOf(resumer)
    resumer.resume()
    await once(resumer, 'end')
    const byToken = (token: string) => ({ type: 'CONTINUATION_TOKEN', continuationToken: token }) as const
    assert.deepEqual(notices, {
      attempts: [
        { session: 1, startSelector: { type: 'EARLIEST' } },
        { session: 2, startSelector: byToken('t1') },
        { session: 3, startSelector: byToken('t2') },
      ],
      retries: [
        { error: failure, delayMs: 100, failures: 0, retriesLeft: 24 },
        { error: null, delayMs: 0, failures: 0, retriesLeft: 24 },
      ],
      resumed: [{ session: 2, startSelector: byToken('t1'), framesLeftOut: 1 }],
      gaps: [],
    })
  })
})

function openStreams(service: ScriptedService): unknown[] {
  return service.streams.filter(stream => stream !== undefined && !stream.destroyed)
}

function thrownBy(call: () => unknown): { readonly option?: string } {
  try {
    call()
  } catch (error) {
    return error as { option?: string }
  }
  return {}
}

async function readBySteps(resumer: RetryingResumer): Promise<string[]> {
  const lines: string[] = []
  let isOver = false
  resumer.once('end', () => {
    isOver = true
  })
  while (!isOver) {
    const event = resumer.read()
    if (event !== null) lines.push(lineOf(event))
    await settled()
  }
  return lines
}

async function readInFits(resumer: RetryingResumer): Promise<string[]> {
  const lines: string[] = []
  resumer.on('data', (event: FragmentEvent) => {
    lines.push(lineOf(event))
    resumer.pause()
    setImmediate(() => resumer.resume())
  })
  await once(resumer, 'end')
  return lines
}

/** The listener comes when the buffer is full: it makes the stream ask for more at a moment when nothing waits for that. */
async function readLate(resumer: RetryingResumer): Promise<string[]> {
  const lines = [lineOf(await firstOf(resumer))]
  await settled()
  resumer.on('readable', () => {
    for (let event = resumer.read(); event !== null; event = resumer.read()) lines.push(lineOf(event))
  })
  await once(resumer, 'end')
  return lines
}

async function firstOf(resumer: RetryingResumer): Promise<FragmentEvent> {
  for (;;) {
    const event: FragmentEvent | null = resumer.read()
    if (event !== null) return event
    await settled()
  }
}

async function readThrough(resumer: RetryingResumer, run: unknown): Promise<string[]> {
  const lines: string[] = []
  const toLine = new NativeTransform({
    objectMode: true,
    highWaterMark: 1,
    transform: (event: FragmentEvent, _, callback) => setImmediate(callback, null, lineOf(event)),
  })
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(line: string, _, callback) {
      lines.push(line)
      setImmediate(callback)
    },
  })
  await (run as (...streams: unknown[]) => Promise<void>)(resumer, toLine, sink)
  return lines
}

async function readAsWeb(resumer: RetryingResumer): Promise<string[]> {
  const lines: string[] = []
  for await (const event of NativeReadable.toWeb(resumer as unknown as NativeReadable))
    lines.push(lineOf(event))
  return lines
}
