import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { type Emulator, splitFragments, startEmulator } from '../../../lib/emulator/index.ts'
import { cutEvery, randomCuts } from '../../support/chunkings.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { cluster, document, info, segmentHead, tags, tracks, voidElement } from '../../support/mkv-builder.ts'
import { PutMediaClient, type PutMediaClientOptions, summary } from '../../support/put-media-client.ts'
import { requires, requiresSharedData, sharedData } from '../../support/requirements.ts'
import { mediaClient, openMedia, readAll, readUntil, tagValues } from '../clients.ts'

const HEADER = [info(), tracks()]
const second = (index: number, unknownSize = false) =>
  cluster({ timestamp: index * 1000, blocks: [{ keyframe: true, data: `frame-${index}-0` }], unknownSize })

async function withDoor(options = {}): Promise<Emulator> {
  const emulator = await startEmulator({ limits: 'off', idleEndMs: 0, ...options })
  await emulator.addStream({ name: 'door' })
  return emulator
}

async function put(emulator: Emulator, chunks: readonly Uint8Array[], options: PutMediaClientOptions = {}) {
  const producer = new PutMediaClient(emulator.url, options)
  for (const chunk of chunks) await producer.write(chunk)
  return await producer.end()
}

/** The producer's bytes of all that is stored, as fragments. */
function storedBytes(emulator: Emulator): Buffer[] {
  return emulator
    .stream('door')
    .fragments.map(part =>
      Buffer.concat([part.ebmlHeader, segmentHead(), part.segmentHeader, part.cluster, part.trailer]),
    )
}

describe('PutMedia', () => {
  it('answers with the first bytes of media, and acknowledges while the upload goes on', async () => {
    await using emulator = await withDoor()
    const producer = new PutMediaClient(emulator.url)
    const body = document(...HEADER, second(0))
    await producer.write(body.subarray(0, 1))
    const response = await producer.response
    const answered = [
      response.statusCode,
      response.headers['content-type'],
      response.headers['transfer-encoding'],
    ]
    assert.deepEqual(answered, [200, 'application/json', 'chunked'])
    assert.match(String(response.headers['x-amzn-requestid']), /^[0-9a-f-]{36}$/)
    await producer.write(body.subarray(1))
    const buffering = await producer.ack('BUFFERING')
    assert.deepEqual(summary(producer.acks), ['BUFFERING 0'])
    assert.match(buffering.FragmentNumber!, /^[0-9]{47}$/)
    await producer.write(second(1))
    await producer.ack('PERSISTED')
    assert.deepEqual(summary(await producer.end()), [
      ...['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0'],
      ...['BUFFERING 1000', 'RECEIVED 1000', 'PERSISTED 1000'],
    ])
    const stored = emulator.stream('door').fragments.map(part => String(part.number))
    assert.deepEqual(
      producer.acks.filter(ack => ack.EventType === 'PERSISTED').map(ack => ack.FragmentNumber),
      stored,
    )
    assert.equal(emulator.requests[0]!.endedBy, 'complete')
  })

  it('takes the three ways in which producers sign, and no other key', async () => {
    await using emulator = await withDoor()
    const body = [document(...HEADER, second(0))]
    for (const signing of ['empty-body', 'unsigned-payload', 'presigned'] as const) {
      assert.equal(summary(await put(emulator, body, { signing })).at(-1), 'PERSISTED 0', signing)
    }
    const unsigned = new PutMediaClient(emulator.url, { signing: 'none' })
    assert.equal((await unsigned.response).statusCode, 403)
    unsigned.destroy()
  })

  it('answers 100-continue before it takes the body', async () => {
    await using emulator = await withDoor()
    const producer = new PutMediaClient(emulator.url, { expectContinue: true })
    await producer.continued()
    await producer.write(document(...HEADER, second(0)))
    assert.equal(summary(await producer.end()).at(-1), 'PERSISTED 0')
  })

  const shapes: [string, boolean][] = [
    ['known', false],
    ['unknown', true],
  ]
  for (const [name, unknownSize] of shapes) {
    it(`keeps the producer’s bytes of clusters of ${name} size, however they are cut`, async () => {
      const tagged = tags({ MOTION: 'yes' }, { sizeWidth: 8 })
      const parts = [
        second(0, unknownSize),
        tagged,
        voidElement(3),
        second(1, unknownSize),
        second(2, unknownSize),
      ]
      const bytes = document(...HEADER, ...parts)
      const cuts = [
        [bytes],
        cutEvery(bytes, 1),
        randomCuts(bytes, 1),
        randomCuts(bytes, 2),
        cutEvery(bytes, 64),
      ]
      for (const chunks of cuts) {
        await using emulator = await withDoor()
        await put(emulator, chunks)
        assert.deepEqual(storedBytes(emulator), [
          document(...HEADER, parts[0]!, tagged, voidElement(3)),
          document(...HEADER, parts[3]!),
          document(...HEADER, parts[4]!),
        ])
      }
    })
  }

  it('sends tags that came before Info with the first fragment only', async () => {
    await using emulator = await withDoor()
    const early = tags({ EARLY: 'yes' })
    const late = tags({ ENCODER: 'specs' })
    await put(emulator, [document(early, ...HEADER, late, second(0), second(1))])
    assert.deepEqual(storedBytes(emulator), [
      document(early, ...HEADER, late, second(0)),
      document(...HEADER, late, second(1)),
    ])
  })

  it('closes a fragment on the end-of-fragment tag, and does not hand that on', async () => {
    await using emulator = await withDoor()
    const end = tags({ AWS_KINESISVIDEO_END_OF_FRAGMENT: '' }, { sizeWidth: 8 })
    const user = tags({ MOTION: 'yes' })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(document(...HEADER, second(0, true), user, end))
    await producer.ack('PERSISTED')
    assert.deepEqual(storedBytes(emulator), [document(...HEADER, second(0, true), user)])
    await producer.write(Buffer.concat([second(1, true), end]))
    await producer.ack('PERSISTED', 2)
    await producer.end()
    assert.deepEqual(storedBytes(emulator)[1], document(...HEADER, second(1, true)))
  })

  it('begins a new block of fragment numbers with each session', async () => {
    await using emulator = await withDoor()
    for (let session = 0; session < 3; session++) {
      await put(emulator, [document(...HEADER, second(0), second(1))])
    }
    assert.deepEqual(
      emulator.stream('door').fragments.map(part => Number((part.number >> 92n) & 0xffffn)),
      [1, 2, 1001, 1002, 2001, 2002],
    )
  })

  it('dates fragments by when they began to come, and by the producer’s clock', async () => {
    const clock = new FakeClock(1_750_000_000_000)
    await using emulator = await withDoor({ clock })
    const producer = new PutMediaClient(emulator.url, {
      headers: { 'x-amzn-producer-start-timestamp': '1700000000.5' },
    })
    await producer.write(document(...HEADER, second(0)))
    await producer.ack('BUFFERING')
    clock.advance(700)
    await producer.write(second(1))
    await producer.ack('BUFFERING', 2)
    clock.advance(700)
    await producer.end()
    const times = emulator
      .stream('door')
      .fragments.map(part => [part.serverTimestampMs, part.producerTimestampMs])
    assert.deepEqual(times, [
      [1_750_000_000_000, 1_700_000_000_500],
      [1_750_000_000_700, 1_700_000_001_500],
    ])
  })

  const starts: [string | undefined, string, number][] = [
    ['.5', 'RELATIVE', 500],
    ['5.', 'RELATIVE', 5000],
    ['0', 'RELATIVE', 0],
    [' 1700000000.0049 ', 'RELATIVE', 1_700_000_000_005],
    ['1700000000', 'ABSOLUTE', 0],
    [undefined, 'ABSOLUTE', 0],
  ]
  for (const [start, type, startMs] of starts) {
    it(`takes ${start ?? 'no time'} as the start of ${type} timecodes`, async () => {
      await using emulator = await withDoor()
      const headers = { 'x-amzn-producer-start-timestamp': start, 'x-amzn-fragment-timecode-type': type }
      await put(emulator, [document(...HEADER, second(2))], { headers })
      assert.equal(emulator.stream('door').fragments[0]!.producerTimestampMs, startMs + 2000)
    })
  }

  it('tells of errors only where no acknowledgements are wanted', async () => {
    await using emulator = await withDoor()
    const headers = { 'x-amzn-fragment-acknowledgment-required': '0' }
    assert.deepEqual(await put(emulator, [document(...HEADER, second(0))], { headers }), [])
    assert.deepEqual(summary(await put(emulator, [Buffer.from('no MKV')], { headers })), ['ERROR 4006'])
  })

  it('sends no PERSISTED on a stream without retention', async () => {
    await using emulator = await startEmulator({ limits: 'off' })
    await emulator.addStream({ name: 'door', dataRetentionInHours: 0 })
    assert.deepEqual(summary(await put(emulator, [document(...HEADER, second(0))])), [
      'BUFFERING 0',
      'RECEIVED 0',
    ])
  })

  it('keeps the whole fragments of a producer whose connection breaks', async () => {
    await using emulator = await withDoor()
    const producer = new PutMediaClient(emulator.url)
    await producer.write(document(...HEADER, second(0), second(1), second(2).subarray(0, 10)))
    await producer.ack('RECEIVED', 2)
    producer.destroy()
    await producer.done
    await emulator.requests[0]!.finished
    assert.equal(emulator.stream('door').fragments.length, 2)
  })
})

describe('what PutMedia took', () => {
  it('reaches a GetMedia session that waits, as soon as the fragment is whole', async () => {
    await using emulator = await withDoor({ idleEndMs: 600_000 })
    const body = await openMedia(mediaClient(emulator), { StartSelectorType: 'NOW' })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(document(...HEADER, second(0), second(1).subarray(0, 12)))
    const read = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 1)
    assert.ok(read.includes(second(0)))
    producer.destroy()
    body.destroy()
  })

  it(
    'comes back with the same clusters, bit for bit: clusters.mkv',
    requiresSharedData('clusters.mkv'),
    async () => {
      const sent = await readFile(sharedData('clusters.mkv')!)
      for (const storage of ['memory', 'disk'] as const) {
        await using emulator = await withDoor({ storage })
        await put(emulator, randomCuts(sent, 3))
        await assertSameMedia(emulator, sent)
      }
    },
  )

  it('comes back with the same clusters, bit for bit: live from ffmpeg', requires('ffmpeg'), async () => {
    await using emulator = await withDoor()
    const producer = new PutMediaClient(emulator.url)
    const ffmpeg = spawn('ffmpeg', FFMPEG, { stdio: ['ignore', 'pipe', 'inherit'] })
    const sent: Buffer[] = []
    for await (const chunk of ffmpeg.stdout) {
      sent.push(chunk)
      await producer.write(chunk)
    }
    if (ffmpeg.exitCode === null) await once(ffmpeg, 'exit')
    const acks = await producer.end()
    assert.deepEqual(
      summary(acks).filter(line => line.startsWith('ERROR')),
      [],
    )
    assert.ok(emulator.stream('door').fragments.length >= 5)
    await assertSameMedia(emulator, Buffer.concat(sent))
  })
})

/** Pictures and sound, written as a live stream: clusters of unknown size, each from a keyframe on. */
const FFMPEG = [
  ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=25', '-f', 'lavfi', '-i', 'sine'],
  ...['-t', '6', '-c:v', 'mpeg4', '-g', '25', '-c:a', 'aac', '-cluster_time_limit', '20000'],
  ...['-f', 'matroska', '-live', '1', '-'],
]

async function assertSameMedia(emulator: Emulator, sent: Buffer): Promise<void> {
  const got = splitFragments(await readAll(await openMedia(mediaClient(emulator))))
  const expected = splitFragments(sent)
  assert.equal(got.length, expected.length)
  for (const [index, fragment] of expected.entries()) {
    for (const part of ['ebmlHeader', 'segmentHeader', 'cluster', 'trailer'] as const) {
      assert.ok(Buffer.from(fragment[part]).equals(got[index]![part]), `${part} of fragment ${index}`)
    }
  }
}
