import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import {
  CueExtractor,
  ElementaryStream,
  FileSink,
  HlsWriter,
  joinStages,
  KeyframeSampler,
  MkvChunkDemuxer,
  MkvFileSink,
  MkvSegmentMerger,
  Mp4FileSink,
  Mp4Remuxer,
  PutMediaSink,
  RetryingResumer,
  SnapshotWriter,
  StageInputError,
  TagExtractor,
  TagTable,
  ThrottleGuard,
  WavWriter,
} from '../../lib/index.ts'
import { fragment } from '../support/mkv-builder.ts'

const BYTES = fragment({ number: '1' })
const directory = '/nowhere/at/all'

const OUTPUTS: readonly (readonly [name: string, make: () => object])[] = [
  ['CueExtractor', () => new CueExtractor()],
  ['ElementaryStream', () => new ElementaryStream()],
  ['HlsWriter', () => new HlsWriter({ directory })],
  ['KeyframeSampler', () => new KeyframeSampler()],
  ['MkvFileSink', () => new MkvFileSink({ path: `${directory}/a.mkv` })],
  ['MkvSegmentMerger', () => new MkvSegmentMerger()],
  ['Mp4FileSink', () => new Mp4FileSink({ path: `${directory}/a.mp4` })],
  ['Mp4Remuxer', () => new Mp4Remuxer()],
  ['SnapshotWriter', () => new SnapshotWriter({ directory })],
  ['TagTable', () => new TagTable()],
  ['WavWriter', () => new WavWriter({ directory })],
]

const call = {
  ...{ streamName: 'door', region: 'us-west-2', endpoint: 'http://127.0.0.1:1' },
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
}

const BYTE_STAGES: readonly (readonly [name: string, make: () => object])[] = [
  ['MkvChunkDemuxer', () => new MkvChunkDemuxer()],
  ['ThrottleGuard', () => new ThrottleGuard()],
  ['PutMediaSink', () => new PutMediaSink(call)],
  ['FileSink', () => new FileSink({ path: `${directory}/a.mkv` })],
]

const mkvEvents = () => joinStages(Readable.from([BYTES]), new MkvChunkDemuxer())
const fragmentEvents = () => joinStages(Readable.from([BYTES]), new MkvChunkDemuxer(), new TagExtractor())
const bytes = () => Readable.from([BYTES])

/** Pipes and reads what comes out, so that nothing but the input can hold the stage up. */
async function failureOf(source: unknown, stage: object): Promise<Error> {
  const isReadable = 'read' in stage
  const streams = isReadable
    ? [source, stage, new PassThrough({ objectMode: true }).resume()]
    : [source, stage]
  try {
    await pipeline(streams as never)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was taken')
}

async function refuses(source: unknown, name: string, stage: object, says: RegExp): Promise<void> {
  const error = await failureOf(source, stage)
  assert.ok(error instanceof StageInputError, String(error))
  assert.deepEqual([error.code, error.stage, error.retryable], ['ERR_STAGE_INPUT', name, false])
  assert.match(error.message, says)
}

describe('an output refuses', () => {
  for (const [name, make] of OUTPUTS) {
    it(`${name}: bytes, and names the two stages that belong before it`, () =>
      refuses(
        bytes(),
        name,
        make(),
        /a Buffer of \d+ bytes was written .*MkvChunkDemuxer and TagExtractor first/,
      ))

    it(`${name}: MkvEvents, and names TagExtractor`, () =>
      refuses(
        mkvEvents(),
        name,
        make(),
        /the MkvEvent "document-start" was written .*TagExtractor before it/,
      ))

    it(`${name}: whatever else`, async () => {
      for (const value of ['text', 5, {}, { type: 'nothing' }, true]) {
        await refuses(Readable.from([value]), name, make(), /takes FragmentEvents/)
      }
    })
  }
})

describe('a stage of bytes refuses events:', () => {
  for (const [name, make] of BYTE_STAGES) {
    it(`${name}: FragmentEvents`, () =>
      refuses(fragmentEvents(), name, make(), /takes bytes, and the FragmentEvent "fragment-start"/))

    it(`${name}: MkvEvents`, () =>
      refuses(mkvEvents(), name, make(), /takes bytes, and the MkvEvent "document-start"/))

    it(`${name}: an object, with the error for the callback of its write`, async () => {
      const stage = make() as NodeJS.WritableStream
      const failed = new Promise<Error>(resolve => stage.once('error', resolve))
      const called = await new Promise(resolve => stage.write({} as never, resolve))
      assert.deepEqual([called instanceof StageInputError, (await failed) === called], [true, true])
    })
  }

  it('MkvChunkDemuxer takes any Uint8Array', async () => {
    const demuxer = new MkvChunkDemuxer()
    demuxer.end(new Uint8Array(BYTES))
    const types = []
    for await (const { type } of demuxer) types.push(type)
    assert.equal(types.at(-1), 'document-end')
  })
})

describe('TagExtractor refuses', () => {
  it('bytes, and says that MkvChunkDemuxer belongs before it', () =>
    refuses(
      bytes(),
      'TagExtractor',
      new TagExtractor(),
      /a Buffer of \d+ bytes .*Put MkvChunkDemuxer before it/,
    ))

  it('text', () =>
    refuses(Readable.from(['text']), 'TagExtractor', new TagExtractor(), /a string of 4 characters/))

  it('FragmentEvents, whose work is done', () =>
    refuses(fragmentEvents(), 'TagExtractor', new TagExtractor(), /Leave TagExtractor out/))

  it('what is no event, after what came before it is read', async () => {
    const events = []
    for await (const event of mkvEvents()) events.push(event)
    const extractor = new TagExtractor()
    for (const event of [...events, undefined]) extractor.write(event)
    const types: string[] = []
    await assert.rejects(
      async () => {
        for await (const { type } of extractor) types.push(type)
      },
      { code: 'ERR_STAGE_INPUT' },
    )
    assert.deepEqual(types, ['fragment-start', 'frame', 'fragment-end'])
  })
})

describe('RetryingResumer refuses', () => {
  for (const [what, value, says] of [
    ['bytes', BYTES, /through MkvChunkDemuxer and TagExtractor/],
    ['MkvEvents', { type: 'document-start' }, /Put TagExtractor before it/],
    ['nothing', undefined, /and undefined was written/],
  ] as const) {
    it(`${what} from an attempt, and tries no second one`, async () => {
      let attempts = 0
      const resumer = new RetryingResumer({
        startSelector: { type: 'NOW' },
        attempt: () => {
          attempts++
          return Readable.from([value], { objectMode: true }) as never
        },
      })
      await refuses(resumer, 'RetryingResumer', new PassThrough({ objectMode: true }), says)
      assert.equal(attempts, 1)
    })
  }
})
