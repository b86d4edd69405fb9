import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { EbmlStreamDecoder } from 'ebml-stream'
import readableStream from 'readable-stream'
import { AbortError, MkvLimitError, MkvSyntaxError, OptionError } from '../../lib/core/errors.ts'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import type { MkvEvent } from '../../lib/matroska/reader/events.ts'
import { cutEvery } from '../support/chunkings.ts'
import { fragment, payload } from '../support/mkv-builder.ts'

const FRAMES = 300
const frames = Array.from({ length: FRAMES }, (_, i) => ({ at: i, data: `frame ${i}` }))
const good = fragment({ frames })
/** The events of `good`: around its frames are document-start, info, tracks, two tags, cluster, cluster-end, document-end. */
const GOOD_EVENTS = FRAMES + 8
/** Whole frames, then bytes that are no element. */
const bad = Buffer.concat([fragment({ frames, token: null, behind: null }), Buffer.alloc(5)])
const BAD_EVENTS = FRAMES + 6

/** The pipeline of readable-stream; its types leave out the one that gives a promise. */
const theirPipeline = (readableStream as unknown as { promises: { pipeline: typeof pipeline } }).promises
  .pipeline

type Outcome = { readonly events: MkvEvent[]; readonly error: Error | undefined }

/** Reads to the end or the error. */
async function collect(source: AsyncIterable<unknown>): Promise<Outcome> {
  const events: MkvEvent[] = []
  try {
    for await (const event of source) events.push(event as MkvEvent)
  } catch (error) {
    return { events, error: error as Error }
  }
  return { events, error: undefined }
}

/** Takes one event at a time, each in a turn of the event loop of its own. */
function slowSink(events: MkvEvent[]): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(event: MkvEvent, _encoding, callback) {
      events.push(event)
      setImmediate(callback)
    },
  })
}

/** The outcome of a pipeline into a slow sink. */
async function collectSlowly(run: (sink: Writable) => Promise<unknown>): Promise<Outcome> {
  const events: MkvEvent[] = []
  const error = await run(slowSink(events)).then(
    () => undefined,
    (error: Error) => error,
  )
  return { events, error }
}

const countOf = ({ events, error }: Outcome) => [events.length, error?.constructor]

/** Lets everything happen that is going to. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

const webOf = (bytes: Uint8Array) =>
  Readable.toWeb(Readable.from([bytes]).pipe(new MkvChunkDemuxer()) as unknown as Readable)

describe('MkvChunkDemuxer gives every event', () => {
  const ways: [name: string, run: () => Promise<Outcome>][] = [
    ['as an async iterable', () => collect(Readable.from([good]).pipe(new MkvChunkDemuxer()))],
    ['in chunks of 100 bytes', () => collect(Readable.from(cutEvery(good, 100)).pipe(new MkvChunkDemuxer()))],
    ['in chunks of one byte', () => collect(Readable.from(cutEvery(good, 1)).pipe(new MkvChunkDemuxer()))],
    [
      'in a pipeline',
      () => collectSlowly(sink => pipeline(Readable.from([good]), new MkvChunkDemuxer(), sink)),
    ],
    [
      'in a pipeline of readable-stream',
      () => collectSlowly(sink => theirPipeline(Readable.from([good]), new MkvChunkDemuxer(), sink)),
    ],
    [
      'between native Transforms',
      () =>
        collectSlowly(sink =>
          pipeline(
            Readable.from(cutEvery(good, 500)),
            new PassThrough(),
            new MkvChunkDemuxer(),
            new PassThrough({ objectMode: true }),
            sink,
          ),
        ),
    ],
    ['as a web stream', () => collect(webOf(good) as unknown as AsyncIterable<unknown>)],
    [
      'from a web stream',
      () =>
        collect(Readable.fromWeb(Readable.toWeb(Readable.from([good])) as never).pipe(new MkvChunkDemuxer())),
    ],
    [
      'composed',
      () =>
        collect(Readable.from([good]).compose(new MkvChunkDemuxer()) as unknown as AsyncIterable<unknown>),
    ],
  ]
  for (const [name, run] of ways) {
    it(name, async () => assert.deepEqual(countOf(await run()), [GOOD_EVENTS, undefined]))
  }

  it('to one listener for data', async () => {
    const demuxer = new MkvChunkDemuxer()
    const types: string[] = []
    demuxer.on('data', (event: MkvEvent) => types.push(event.type))
    demuxer.end(good)
    await once(demuxer, 'end')
    assert.deepEqual([types.length, types[0], types.at(-1)], [GOOD_EVENTS, 'document-start', 'document-end'])
  })

  it('of no bytes, which are none', async () =>
    assert.deepEqual(countOf(await collect(Readable.from([]).pipe(new MkvChunkDemuxer()))), [0, undefined]))

  it('and a last one that tells where a payload was broken off', async () => {
    const { events } = await collect(Readable.from([good.subarray(0, -3)]).pipe(new MkvChunkDemuxer()))
    const last = events.at(-1)
    assert.deepEqual(last?.type === 'truncated' && last.byteOffset, good.length - 3)
  })

  it('as ebml-stream, put in its place, finds the blocks', async () => {
    const ours = await collect(Readable.from([good]).pipe(new MkvChunkDemuxer()))
    const theirs: Buffer[] = []
    for await (const tag of Readable.from([good]).pipe(new EbmlStreamDecoder({}))) {
      const { id, payload } = tag as unknown as { id: number; payload?: Buffer }
      if (id === 0xa3 && payload !== undefined) theirs.push(payload)
    }
    const data = ours.events.flatMap(event => (event.type === 'frame' ? [Buffer.from(event.data)] : []))
    assert.deepEqual(theirs, data)
  })
})

describe('MkvChunkDemuxer fails', () => {
  const ways: [name: string, run: () => Promise<Outcome>][] = [
    ['an async iteration', () => collect(Readable.from([bad]).pipe(new MkvChunkDemuxer()))],
    [
      'a pipeline with a slow end',
      () => collectSlowly(sink => pipeline(Readable.from([bad]), new MkvChunkDemuxer(), sink)),
    ],
    [
      'a pipeline of readable-stream',
      () => collectSlowly(sink => theirPipeline(Readable.from([bad]), new MkvChunkDemuxer(), sink)),
    ],
    ['a web stream', () => collect(webOf(bad) as unknown as AsyncIterable<unknown>)],
    [
      'a pipeline of one-byte chunks',
      () => collectSlowly(sink => pipeline(Readable.from(cutEvery(bad, 1)), new MkvChunkDemuxer(), sink)),
    ],
  ]
  for (const [name, run] of ways) {
    it(`${name}, behind every event from before the bad bytes`, async () => {
      assert.deepEqual(countOf(await run()), [BAD_EVENTS, MkvSyntaxError])
    })
  }

  it('with a limit that the user set', async () => {
    const demuxer = new MkvChunkDemuxer({ maxFrameBytes: 8 })
    const { events, error } = await collect(Readable.from([good]).pipe(demuxer))
    const given = events.filter(({ type }) => type === 'frame').length
    assert.deepEqual([given, error?.constructor], [100, MkvLimitError])
  })

  it('where its source fails, as pipeline has it', async () => {
    const source = Readable.from(
      (async function* () {
        yield good.subarray(0, 1000)
        throw new Error('cut')
      })(),
    )
    const { error } = await collectSlowly(sink => pipeline(source, new MkvChunkDemuxer(), sink))
    assert.equal(error?.message, 'cut')
  })

  it('behind what it holds, by `fail`', async () => {
    const demuxer = new MkvChunkDemuxer()
    demuxer.write(bad.subarray(0, -5))
    demuxer.fail(new Error('cut'))
    demuxer.fail(new Error('again'))
    const { events, error } = await collect(demuxer)
    assert.deepEqual([events.length, error?.message], [BAD_EVENTS, 'cut'])
  })

  it('for limits that are none', () =>
    assert.throws(() => new MkvChunkDemuxer({ maxFrameBytes: -1 }), OptionError))
})

describe('MkvChunkDemuxer holds back', () => {
  it('what a stalled reader does not take, however large the chunk', async () => {
    const data = Buffer.alloc(64 * 1024)
    const large = fragment({ frames: Array.from({ length: 1024 }, (_, i) => ({ at: i, data })) })
    const demuxer = new MkvChunkDemuxer()
    let took = 0
    demuxer.write(large, () => took++)
    await settle()
    const stalled = [demuxer.readableLength, took]
    const first = [demuxer.read(), demuxer.read()].map(event => (event as MkvEvent).type)
    await settle()
    assert.deepEqual(
      [stalled, first, demuxer.readableLength, took],
      [[8, 0], ['document-start', 'info'], 8, 0],
    )
    demuxer.destroy()
  })

  it('its source, while it is held back', async () => {
    let asked = 0
    const source = new Readable({
      read() {
        asked++
        this.push(good)
      },
    })
    const demuxer = source.pipe(new MkvChunkDemuxer())
    await settle()
    const before = asked
    await settle()
    assert.deepEqual([asked - before, demuxer.readableLength], [0, 8])
    assert.ok(
      before * good.length < 64 * 1024 + 3 * 16 * 1024 + 3 * good.length,
      `${before} chunks were taken`,
    )
    source.destroy()
    demuxer.destroy()
  })
})

describe('MkvChunkDemuxer can be destroyed', () => {
  const moments: [name: string, act: (demuxer: MkvChunkDemuxer) => void][] = [
    ['before anything', () => {}],
    ['in the middle of a chunk', demuxer => demuxer.write(good)],
    ['in the middle of a frame', demuxer => demuxer.write(good.subarray(0, -200))],
    ['after its end was said', demuxer => demuxer.end(good)],
    ['while a failure waits', demuxer => demuxer.end(bad)],
  ]
  for (const [name, act] of moments) {
    it(name, async () => {
      const demuxer = new MkvChunkDemuxer()
      const errors: Error[] = []
      demuxer.on('error', (error: Error) => errors.push(error))
      act(demuxer)
      demuxer.destroy()
      await once(demuxer, 'close')
      await settle()
      assert.deepEqual([errors, demuxer.destroyed], [[], true])
    })
  }

  it('by its reader, who is then given nothing more', async () => {
    const demuxer = new MkvChunkDemuxer()
    let given = 0
    demuxer.on('data', () => {
      given++
      if (given === 5) demuxer.destroy()
    })
    await turn()
    demuxer.write(good)
    await once(demuxer, 'close')
    await settle()
    assert.equal(given, 5)
  })

  it('by leaving the loop that reads it', async () => {
    const demuxer = Readable.from([good]).pipe(new MkvChunkDemuxer())
    for await (const _ of demuxer) break
    assert.equal(demuxer.destroyed, true)
  })

  const signals: [name: string, abort: (controller: AbortController, act: () => void) => void][] = [
    ['that fires', (controller, act) => [act(), controller.abort('why')]],
    ['that has fired before', (controller, act) => [controller.abort('why'), act()]],
  ]
  for (const [name, abort] of signals) {
    it(`by a signal ${name}`, async () => {
      const controller = new AbortController()
      let outcome: Promise<Outcome> | undefined
      abort(controller, () => {
        const demuxer = new MkvChunkDemuxer({ signal: controller.signal })
        demuxer.write(good)
        outcome = collect(demuxer)
      })
      const { error } = await outcome!
      assert.deepEqual([error?.constructor, error?.cause], [AbortError, 'why'])
    })
  }

  it('and leaves no listener on its signal', async () => {
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners.add(args[1])
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners.delete(args[1])
      removeEventListener.apply(signal, args)
    }
    await collect(Readable.from([good]).pipe(new MkvChunkDemuxer({ signal })))
    assert.equal(listeners.size, 0)
  })
})

describe('MkvChunkDemuxer stands among other streams', () => {
  it('behind a Transform that changes the portions', async () => {
    const cut = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        for (const part of cutEvery(chunk, 7)) this.push(part)
        callback()
      },
    })
    const two = payload(good, good)
    const outcome = await collectSlowly(sink =>
      pipeline(Readable.from([two]), cut, new MkvChunkDemuxer(), sink),
    )
    assert.deepEqual(countOf(outcome), [2 * GOOD_EVENTS, undefined])
  })
})
