import assert from 'node:assert/strict'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import readableStream from 'readable-stream'
import { AbortError, MkvSyntaxError, OptionError } from '../../lib/core/errors.ts'
import type { FragmentEvent } from '../../lib/get-media/events.ts'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import { PayloadError } from '../../lib/get-media/payload-error.ts'
import { TagExtractor, type TagExtractorOptions } from '../../lib/get-media/tag-extractor.ts'
import { joinStages } from '../../lib/streams/join-stages.ts'
import { cutEvery } from '../support/chunkings.ts'
import { errorChunk, fragment, payload, tags } from '../support/mkv-builder.ts'

const FRAMES = 100
const frames = Array.from({ length: FRAMES }, (_, i) => ({ at: i, data: `frame ${i}` }))
const good = payload(fragment({ number: '1', frames }), fragment({ number: '2', frames }))
const failing = payload(good, errorChunk({ id: 5000, fragmentNumber: '3' }))
const broken = Buffer.concat([good, Buffer.alloc(5)])

/** The pipeline of readable-stream; its types leave out the one that gives a promise. */
const theirPipeline = (readableStream as unknown as { promises: { pipeline: typeof pipeline } }).promises
  .pipeline

type Outcome = { readonly events: FragmentEvent[]; readonly error: Error | undefined }

async function collect(source: AsyncIterable<unknown>): Promise<Outcome> {
  const events: FragmentEvent[] = []
  try {
    for await (const event of source) events.push(event as FragmentEvent)
  } catch (error) {
    return { events, error: error as Error }
  }
  return { events, error: undefined }
}

/** The outcome of a pipeline whose last takes one event in each turn of the event loop. */
async function collectSlowly(run: (sink: Writable) => Promise<unknown>): Promise<Outcome> {
  const events: FragmentEvent[] = []
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(event: FragmentEvent, _encoding, callback) {
      events.push(event)
      setImmediate(callback)
    },
  })
  const error = await run(sink).then(
    () => undefined,
    (error: Error) => error,
  )
  return { events, error }
}

/** Reads bytes through both stages. */
function extract(bytes: Uint8Array, options: TagExtractorOptions = {}): Promise<Outcome> {
  return collect(
    joinStages(Readable.from([bytes]) as never, new MkvChunkDemuxer(), new TagExtractor(options)),
  )
}

const WHOLE = 2 * (FRAMES + 2)
const countOf = ({ events, error }: Outcome) => [events.length, error?.constructor]

describe('TagExtractor gives every fragment', () => {
  const ways: [name: string, run: () => Promise<Outcome>][] = [
    ['joined to the demuxer', () => extract(good)],
    [
      'in a pipeline',
      () =>
        collectSlowly(sink =>
          pipeline(Readable.from([good]), new MkvChunkDemuxer(), new TagExtractor(), sink),
        ),
    ],
    [
      'in a pipeline of readable-stream',
      () =>
        collectSlowly(sink =>
          theirPipeline(Readable.from([good]), new MkvChunkDemuxer(), new TagExtractor(), sink),
        ),
    ],
    [
      'between native streams',
      () =>
        collectSlowly(sink => {
          const objects = () => new PassThrough({ objectMode: true })
          return pipeline(
            Readable.from(cutEvery(good, 99)),
            new MkvChunkDemuxer(),
            objects(),
            new TagExtractor(),
            objects(),
            sink,
          )
        }),
    ],
    [
      'as a web stream',
      () => {
        const stages = Readable.from([good]).pipe(new MkvChunkDemuxer()).pipe(new TagExtractor())
        return collect(Readable.toWeb(stages as unknown as Readable) as unknown as AsyncIterable<unknown>)
      },
    ],
  ]
  for (const [name, run] of ways)
    it(name, async () => assert.deepEqual(countOf(await run()), [WHOLE, undefined]))

  it('in the order of the payload', async () => {
    const { events } = await extract(good)
    const runs = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
    assert.deepEqual(runs, [
      ...['fragment-start', 'frame', 'fragment-end'],
      ...['fragment-start', 'frame', 'fragment-end'],
    ])
  })

  it('and ends each at its token, before the next header has come', async () => {
    const source = new PassThrough()
    const stages = source.pipe(new MkvChunkDemuxer()).pipe(new TagExtractor())
    const events = stages[Symbol.asyncIterator]() as AsyncIterator<FragmentEvent>
    source.write(fragment({ number: '1' }))
    const types: string[] = []
    while (types.at(-1) !== 'fragment-end') types.push((await events.next()).value.type)
    assert.deepEqual(types, ['fragment-start', 'frame', 'fragment-end'])
    source.destroy()
    stages.destroy()
  })

  it('or at its document, where that is asked for', async () => {
    const { events } = await extract(payload(fragment(), tags({ late: 'x' })), { fragmentEnd: 'document' })
    const end = events.at(-1)
    assert.deepEqual(end?.type === 'fragment-end' && [end.endedBy, { ...end.tags }], [
      'end-of-payload',
      { late: 'x' },
    ])
  })
})

describe('TagExtractor fails', () => {
  it('with the error that the payload tells of, behind all that came before', async () => {
    const { events, error } = await extract(failing)
    assert.deepEqual(
      [events.length, error instanceof PayloadError && [error.errorId, error.fragmentNumber]],
      [WHOLE, [5000, '3']],
    )
  })

  it('in a pipeline with a slow end too, behind all that came before', async () => {
    const outcome = await collectSlowly(sink =>
      pipeline(Readable.from([failing]), new MkvChunkDemuxer(), new TagExtractor(), sink),
    )
    assert.deepEqual(countOf(outcome), [WHOLE, PayloadError])
  })

  it('not, where errors are to be reported', async () => {
    const { events, error } = await extract(failing, { errorTags: 'report' })
    const end = events.at(-1)
    assert.deepEqual([end?.type === 'fragment-end' && end.errorId, error], [5000, undefined])
  })

  it('with the demuxer’s error, behind all that came before, where they are joined', async () => {
    assert.deepEqual(countOf(await extract(broken)), [WHOLE, MkvSyntaxError])
  })

  const wrong: [name: string, options: object, message: RegExp][] = [
    [
      'an end that is none',
      { fragmentEnd: 'cluster' },
      /`fragmentEnd` must be one of "token", "document"; got "cluster"/,
    ],
    [
      'a choice for errors that is none',
      { errorTags: true },
      /`errorTags` must be one of "raise", "report"; got true/,
    ],
  ]
  for (const [name, options, message] of wrong) {
    it(`at once for ${name}`, () => {
      assert.throws(() => new TagExtractor(options), { name: OptionError.name, message })
    })
  }

  it('by its signal', async () => {
    const controller = new AbortController()
    const extractor = new TagExtractor({ signal: controller.signal })
    controller.abort()
    assert.deepEqual(countOf(await collect(extractor)), [0, AbortError])
  })
})

describe('TagExtractor holds back', () => {
  it('what a stalled reader does not take', async () => {
    const demuxer = new MkvChunkDemuxer()
    const extractor = demuxer.pipe(new TagExtractor())
    demuxer.end(good)
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(
      [extractor.readableLength, extractor.writableLength <= 8, demuxer.readableLength],
      [8, true, 8],
    )
    extractor.destroy()
    demuxer.destroy()
  })
})
