import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { finished, pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { type Emulator, startEmulator } from '../../lib/emulator/index.ts'
import { getMedia } from '../../lib/get-media/get-media.ts'
import { MkvChunkDemuxer } from '../../lib/get-media/mkv-chunk-demuxer.ts'
import type { MkvEvent } from '../../lib/matroska/reader/events.ts'
import { SegmentClock } from '../../lib/matroska/reader/segment-clock.ts'
import type { Acknowledgement } from '../../lib/put-media/acknowledgement.ts'
import { PutMediaSink, type PutMediaSinkOptions } from '../../lib/put-media/put-media-sink.ts'
import { CLIP } from '../support/fault-run.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import { producerMedia } from '../support/producer-media.ts'
import { requiresSharedData, sharedData } from '../support/requirements.ts'

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

type Frame = readonly [track: number, timestampMs: number, keyframe: boolean, sha1: string]

const sha1 = (data: Uint8Array) => createHash('sha1').update(data).digest('hex')

async function framesOfFile(path: string): Promise<Frame[]> {
  const frames: Frame[] = []
  await pipeline(createReadStream(path), new MkvChunkDemuxer(), async (events: AsyncIterable<MkvEvent>) => {
    for await (const event of events) {
      if (event.type !== 'frame') continue
      frames.push([event.track, event.timestampMs, event.keyframe, sha1(event.data)])
    }
  })
  return frames
}

type Stored = { readonly frames: Frame[]; readonly producerTimesMs: number[] }

async function stored(url: string, streamName: string): Promise<Stored> {
  const frames: Frame[] = []
  const producerTimesMs: number[] = []
  const stream = getMedia({
    ...{ streamName, region: 'us-east-1', credentials: CREDENTIALS, controlEndpoint: url },
    startSelector: { type: 'EARLIEST' },
    until: 'caught-up',
  })
  for await (const event of stream) {
    if (event.type === 'fragment-start')
      producerTimesMs.push(event.producerTimestamp?.getTime() ?? Number.NaN)
    if (event.type === 'frame')
      frames.push([event.track, event.timestampMs, event.keyframe, sha1(event.data)])
  }
  return { frames, producerTimesMs }
}

/** Puts a file into a stream of a service, and gives what GetMedia gives of it afterwards. */
async function putAndGet(path: string, options: Partial<PutMediaSinkOptions> = {}): Promise<Stored> {
  await using emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
  await emulator.addStream({ name: 'door' })
  const sink = new PutMediaSink({
    ...{ streamName: 'door', region: 'us-east-1', credentials: CREDENTIALS, controlEndpoint: emulator.url },
    ...options,
  } as PutMediaSinkOptions)
  await pipeline(createReadStream(path), sink)
  return await stored(emulator.url, 'door')
}

describe('what PutMediaSink put comes back by getMedia with the same frames, bit for bit:', () => {
  it('the clip, with the producer times that it was told', async () => {
    const start = Date.UTC(2026, 0, 1)
    const { frames, producerTimesMs } = await putAndGet(CLIP, { producerStartTimestamp: new Date(start) })
    assert.deepEqual(frames, await framesOfFile(CLIP))
    assert.equal(producerTimesMs[0], start + frames[0]![1])
  })

  it("a producer's file", requiresSharedData('clusters.mkv'), async () => {
    const path = sharedData('clusters.mkv')!
    const expected = await framesOfFile(path)
    assert.ok(expected.length > 100)
    assert.deepEqual((await putAndGet(path)).frames, expected)
  })

  it('in as many sessions as it takes', async () => {
    // Every session is over before its first fragment is.
    let calls = 0
    const clock = { now: () => calls++ * 1000, wallClockMs: Date.now, after: () => () => {} }
    const { frames } = await putAndGet(CLIP, { maxSessionMs: 1, clock })
    assert.deepEqual(frames, await framesOfFile(CLIP))
  })
})

describe('PutMediaSink and the local service', () => {
  const door = (emulator: Emulator): PutMediaSinkOptions => ({
    ...{ streamName: 'door', region: 'us-east-1', credentials: CREDENTIALS },
    controlEndpoint: emulator.url,
  })
  const failureOf = async (source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, sink: PutMediaSink) => {
    const failure: unknown = await pipeline(source, sink).catch((error: unknown) => error)
    return (failure as { code?: string } | undefined)?.code
  }

  it('says that a stream without retention persists nothing, and puts where RECEIVED is enough', async () => {
    await using emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
    await emulator.addStream({ name: 'door', dataRetentionInHours: 0 })
    const options = door(emulator)
    const code = await failureOf(createReadStream(CLIP), new PutMediaSink(options))
    assert.equal(code, 'ERR_PUT_NOT_PERSISTED')
    await pipeline(createReadStream(CLIP), new PutMediaSink({ ...options, durability: 'received' }))
  })

  it('fails with the error that the service acknowledges, for media that it refuses', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    await emulator.addStream({ name: 'door' })
    const { bytes } = producerMedia({ fragments: 2, from: 5000 })
    const [earlier] = producerMedia({ fragments: 1, from: 0 }).fragments
    const code = await failureOf([bytes, earlier!], new PutMediaSink(door(emulator)))
    assert.equal(code, 'ERR_PUT_FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS')
  })
})

describe('PutMediaSink matches acknowledgements by the clusters’ own ticks:', () => {
  const scales: [what: string, timestampScale: number, first: bigint, step: bigint][] = [
    ['100 µs', 100_000, 5n, 10_000n],
    ['1/48,000 s', 20_833, 1n, 48_001n],
    ['2 s', 2_000_000_000, 1n, 1n],
    ['1 ns from 1970, beyond 2^53', 1, 1_700_000_000_000_000_001n, 1_000_000_000n],
  ]
  for (const [what, timestampScale, first, step] of scales) {
    it(`ticks of ${what}`, async () => {
      await using emulator = await startEmulator({ limits: 'off', idleEndMs: 100 })
      await emulator.addStream({ name: 'door' })
      const sink = new PutMediaSink({
        ...{ streamName: 'door', region: 'us-east-1', credentials: CREDENTIALS },
        ...{ controlEndpoint: emulator.url, fragmentTimecodeType: 'ABSOLUTE' },
      })
      const timecodes = [0n, 1n, 2n, 3n].map(index => first + index * step)
      const persisted: Acknowledgement[] = []
      sink.on('ack', (ack: Acknowledgement) => {
        if (ack.type === 'PERSISTED') persisted.push(ack)
      })
      const clusters = timecodes.map(timestamp => cluster({ timestamp, blocks: [{ keyframe: true }] }))
      sink.end(document(info({ timestampScale }), tracks(), ...clusters))
      await finished(sink)
      assert.deepEqual(
        persisted.map(({ fragmentTimecode }) => fragmentTimecode),
        timecodes.map(String),
      )
      assert.deepEqual(
        persisted.map(({ fragmentTimecodeMs }) => fragmentTimecodeMs),
        timecodes.map(ticks => new SegmentClock(timestampScale).toMs(ticks)),
      )
      const { fragmentsSent, fragmentsSentAgain, sessions } = sink.metrics
      assert.deepEqual(
        { fragmentsSent, fragmentsSentAgain, sessions },
        { fragmentsSent: 4, fragmentsSentAgain: 0, sessions: 1 },
      )
    })
  }
})
