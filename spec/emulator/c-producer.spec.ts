import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { type CFragment, CProducer, type CProducerOptions, type CSession } from '../support/c-producer.ts'
import {
  cluster,
  ebmlHeader,
  type FrameOptions,
  frame,
  info,
  segmentHead,
  tags,
  tracks,
} from '../support/mkv-builder.ts'
import { summary } from '../support/put-media-client.ts'

const UNPACED = {
  putMediaFragmentsPerSecond: Infinity,
  putMediaBytesPerSecond: Infinity,
  putMediaCallsPerSecond: Infinity,
}

type MediaOptions = {
  /** @default 75_000 */
  readonly lengthMs?: number
  /** @default 2000 */
  readonly fragmentMs?: number
  /** Nanoseconds of a tick. @default 1_000_000 */
  readonly timestampScale?: number
}

/** Audio and video as the PIC library writes it: no key flag on audio, sizes of eight bytes, Clusters of unknown size. */
function media({ lengthMs = 75_000, fragmentMs = 2000, timestampScale = 1_000_000 }: MediaOptions = {}) {
  const header = Buffer.concat([
    ebmlHeader(),
    segmentHead(1),
    info({ timestampScale }),
    tracks([{ codecId: 'V_MPEG4/ISO/AVC' }, { type: 'audio', codecId: 'A_AAC' }]),
  ])
  const ticks = (ms: number) => (ms * 1_000_000) / timestampScale
  const fragments: CFragment[] = []
  for (let fromMs = 0; fromMs < lengthMs; fromMs += fragmentMs) {
    const untilMs = Math.min(fragmentMs, lengthMs - fromMs)
    const parts: { bytes: Uint8Array; untilMs: number }[] = []
    for (let atMs = 0; atMs < untilMs; atMs += 500) {
      const video: FrameOptions = { at: ticks(atMs), keyframe: atMs === 0, data: Buffer.alloc(30_000, 'v') }
      const audio: FrameOptions = { at: ticks(atMs + 20), track: 2, data: Buffer.alloc(400, 'a') }
      const bytes =
        atMs === 0
          ? cluster({ producer: 'pic', timestamp: ticks(fromMs), blocks: [video, audio] })
          : Buffer.concat([video, audio].map(block => frame({ sizeWidth: 8, ...block })))
      parts.push({ bytes, untilMs: atMs + 500 })
    }
    fragments.push({ timecode: ticks(fromMs), parts })
  }
  return { header, fragments }
}

/** A stream made as the C producer makes it. */
async function start(
  options: EmulatorOptions,
  retentionHours: number,
  producer: Partial<CProducerOptions> = {},
) {
  const emulator = await startEmulator({ limits: UNPACED, ...options })
  const waitsForPersisted = retentionHours > 0
  const c = new CProducer({ url: emulator.url, streamName: 'door', waitsForPersisted, ...producer })
  assert.equal((await c.call('/describeStream', { StreamName: 'door' })).statusCode, 404)
  const created = {
    DeviceName: 'cam',
    StreamName: 'door',
    MediaType: 'video/h264,audio/aac',
    DataRetentionInHours: retentionHours,
  }
  assert.equal((await c.call('/createStream', created)).statusCode, 200)
  const { json } = await c.call('/getDataEndpoint', { StreamName: 'door', APIName: 'PUT_MEDIA' })
  assert.deepEqual(json, { DataEndpoint: emulator.url })
  return { emulator, c }
}

/** Sends fragments in one session; gives how it went with the last one. */
async function sendAll(
  session: CSession,
  header: Uint8Array,
  fragments: readonly CFragment[],
): Promise<string> {
  await session.send(header)
  for (const fragment of fragments) {
    const outcome = await session.sendFragment(fragment)
    if (outcome !== 'sent') return outcome
  }
  return 'sent'
}

const stored = (emulator: Emulator) => emulator.stream('door').fragments.map(({ timestampMs }) => timestampMs)
const times = (count: number, stepMs = 2000) => Array.from({ length: count }, (_, index) => index * stepMs)

describe('the C producer gets through', () => {
  for (const [what, retentionHours, options] of [
    ['75 s of sound and pictures, with a retention of 24 hours', 24, {}],
    ['75 s of sound and pictures, with no retention', 0, {}],
    ['ticks of 100 µs', 24, { timestampScale: 100_000 }],
  ] as const) {
    it(what, async () => {
      const { emulator, c } = await start({}, retentionHours)
      await using _ = emulator
      const { header, fragments } = media(options)
      const session = await c.openSession()
      assert.equal(await sendAll(session, header, fragments), 'sent')
      await session.endFragment()
      await session.close(fragments.at(-1)!.timecode)
      assert.deepEqual(stored(emulator), times(38))
      const of = (type: string) =>
        session.acks.filter(ack => ack.EventType === type).map(ack => ack.FragmentTimecode)
      const timecodes = fragments.map(({ timecode }) => timecode)
      assert.deepEqual([of('BUFFERING'), of('RECEIVED')], [timecodes, timecodes])
      assert.deepEqual(of('PERSISTED'), retentionHours > 0 ? timecodes : [])
    })
  }

  for (const retentionHours of [24, 0]) {
    it(`a hand-over every 30 s, with a retention of ${retentionHours} hours`, async () => {
      const { emulator, c } = await start({}, retentionHours)
      await using _ = emulator
      const { header, fragments } = media({ lengthMs: 120_000 })
      let session = await c.openSession()
      const closing: Promise<void>[] = []
      for (let from = 0; from < fragments.length; from += 15) {
        const run = fragments.slice(from, from + 15)
        // The first media of a session goes before the last word on the session before has come.
        assert.equal(await sendAll(session, header, run), 'sent')
        const next = await c.openSession()
        assert.equal(next.statusCode, undefined)
        await session.endFragment()
        closing.push(session.close(run.at(-1)!.timecode))
        session = next
      }
      await Promise.all(closing)
      session.reset()
      assert.deepEqual(stored(emulator), times(60))
      const calls = emulator.requests.filter(({ operation }) => operation === 'PutMedia')
      assert.deepEqual(
        calls.map(({ statusCode }) => statusCode),
        [200, 200, 200, 200, undefined],
      )
    })
  }

  it('reconnections at once after it broke its connection', async () => {
    const { emulator, c } = await start({}, 24)
    await using _ = emulator
    const { header, fragments } = media({ lengthMs: 20_000 })
    for (let from = 0; from < 10; from += 2) {
      const session = await c.openSession()
      assert.equal(await sendAll(session, header, fragments.slice(from, from + 2)), 'sent')
      // The second fragment has no end yet, and is sent again.
      session.reset()
      const again = await c.openSession()
      assert.equal(await sendAll(again, header, fragments.slice(from + 1, from + 2)), 'sent')
      await again.endFragment()
      await again.close(fragments[from + 1]!.timecode)
    }
    assert.deepEqual(stored(emulator), times(10))
  })

  it('a connection that it gives up because 5 s of media had no newer BUFFERING', async () => {
    const { emulator, c } = await start({}, 24)
    await using _ = emulator
    const long = media({ lengthMs: 22_000, fragmentMs: 22_000 })
    const stale = await c.openSession()
    assert.equal(await sendAll(stale, long.header, long.fragments), 'stale')
    const { header, fragments } = media({ lengthMs: 4000 })
    const session = await c.openSession()
    assert.equal(await sendAll(session, header, fragments), 'sent')
    await session.endFragment()
    await session.close(2000)
    assert.deepEqual(stored(emulator), [0, 2000])
  })

  it('fragments of 22 s where they are allowed, and gets error 4002 where they are not', async () => {
    for (const [maxDurationMs, expected] of [
      [30_000, 'sent'],
      [20_000, 'failed'],
    ] as const) {
      const { emulator, c } = await start({ fragmentLimits: { maxDurationMs } }, 24, { stalenessMs: 60_000 })
      await using _ = emulator
      const { header, fragments } = media({ lengthMs: 44_000, fragmentMs: 22_000 })
      const session = await c.openSession()
      const outcome = await sendAll(session, header, fragments)
      assert.equal(outcome, expected)
      if (outcome === 'sent') {
        await session.endFragment()
        await session.close(22_000)
        assert.deepEqual(stored(emulator), [0, 22_000])
      } else {
        await session.ended
        assert.deepEqual(summary(session.acks), ['BUFFERING 0', 'ERROR 4002'])
      }
    }
  })
})

describe('DescribeStream', () => {
  it('tells IngestionConfiguration as null, as the service does beyond its model', async () => {
    const { emulator, c } = await start({}, 24)
    await using _ = emulator
    const { json } = await c.call('/describeStream', { StreamName: 'door' })
    const { StreamInfo } = json as { StreamInfo: Record<string, unknown> }
    assert.equal(StreamInfo.IngestionConfiguration, null)
    assert.equal(StreamInfo.StreamName, 'door')
  })
})

describe('a PutMedia connection without media', () => {
  it('is ended after a while', async () => {
    const { emulator, c } = await start({ putIdleEndMs: 1 }, 24)
    await using _ = emulator
    const session = await c.openSession()
    await session.ended
    assert.deepEqual([session.statusCode, session.acks], [200, []])
    await emulator.requests.at(-1)!.finished
    assert.equal(emulator.requests.at(-1)!.endedBy, 'idle')
  })

  it('is told that the stream was deleted', async () => {
    const { emulator, c } = await start({}, 24)
    await using _ = emulator
    const session = await c.openSession()
    const { json } = await c.call('/describeStream', { StreamName: 'door' })
    const { StreamARN } = (json as { StreamInfo: Record<string, unknown> }).StreamInfo
    assert.equal((await c.call('/deleteStream', { StreamARN })).statusCode, 200)
    await assert.rejects(session.ended, /answered with 404/)
  })

  it('holds no slot, and gets no response', async () => {
    const { emulator, c } = await start({ putHandoverMs: 0 }, 24)
    await using _ = emulator
    const waiting = await c.openSession()
    const { header, fragments } = media({ lengthMs: 2000 })
    const session = await c.openSession()
    assert.equal(await sendAll(session, header, fragments), 'sent')
    await session.endFragment()
    await session.close(0)
    assert.equal(waiting.statusCode, undefined)
    assert.equal(await sendAll(waiting, header, fragments), 'sent')
    await waiting.endFragment()
    await waiting.close(0)
    assert.equal(emulator.stream('door').fragments.length, 2)
  })

  it('is refused at its first media while another session has a fragment in progress', async () => {
    const { emulator, c } = await start({ putHandoverMs: 0 }, 24)
    await using _ = emulator
    const { header, fragments } = media({ lengthMs: 4000 })
    const first = await c.openSession()
    assert.equal(await sendAll(first, header, fragments.slice(0, 1)), 'sent')
    const second = await c.openSession()
    await second.send(header)
    await assert.rejects(second.ended, /answered with 400/)
    await first.sendFragment(fragments[1]!)
    await first.endFragment()
    await first.close(2000)
    assert.deepEqual(stored(emulator), [0, 2000])
  })

  it('loses the right to send when its slot went to the next session', async () => {
    const { emulator, c } = await start({ putHandoverMs: 0 }, 24)
    await using _ = emulator
    const { header, fragments } = media({ lengthMs: 6000 })
    const first = await c.openSession()
    await sendAll(first, header, fragments.slice(0, 1))
    await first.endFragment()
    await first.ack('PERSISTED', 0)
    const second = await c.openSession()
    await sendAll(second, header, fragments.slice(1, 2))
    await first.send(fragments[2]!.parts[0]!.bytes)
    await first.ended
    await second.endFragment()
    await second.close(2000)
    assert.deepEqual(stored(emulator), [0, 2000])
    assert.equal(emulator.requests.find(({ endedBy }) => endedBy === 'superseded')?.statusCode, 200)
  })
})

describe('the C producer’s tags', () => {
  const tagged = (name: string, value: string) => tags({ [name]: value }, { sizeWidth: 8 })
  const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

  for (const [headerTags, isRepeated] of [
    ['repeat', true],
    ['first', false],
  ] as const) {
    it(`before the first Cluster are in ${isRepeated ? 'every fragment' : 'the first fragment only'} with headerTags: '${headerTags}'`, async () => {
      const { emulator, c } = await start({ headerTags }, 24)
      await using _ = emulator
      const { header, fragments } = media({ lengthMs: 4000 })
      const session = await c.openSession()
      await sendAll(session, Buffer.concat([header, tagged('place', 'door')]), fragments)
      await session.endFragment()
      await session.close(2000)
      assert.deepEqual(
        emulator.stream('door').fragments.map(({ segmentHeader }) => textOf(segmentHeader).includes('place')),
        [true, isRepeated],
      )
    })
  }

  it('between the end-of-fragment tag and the next Cluster are the next fragment’s', async () => {
    const { emulator, c } = await start({}, 24)
    await using _ = emulator
    const { header, fragments } = media({ lengthMs: 6000 })
    const session = await c.openSession()
    await sendAll(session, header, fragments.slice(0, 1))
    await session.endFragment()
    await session.send(tagged('motion', 'yes'))
    for (const fragment of fragments.slice(1)) await session.sendFragment(fragment)
    await session.endFragment()
    await session.close(4000)
    assert.deepEqual(
      emulator
        .stream('door')
        .fragments.map(part => textOf(Buffer.concat([part.segmentHeader, part.trailer])).includes('motion')),
      [false, true, false],
    )
  })
})
