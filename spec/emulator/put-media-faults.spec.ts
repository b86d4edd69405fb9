import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { RandomFaults } from '../../lib/emulator/faults/random-faults.ts'
import { type Emulator, type Fault, type PlannedFault, startEmulator } from '../../lib/emulator/index.ts'
import { PUT_MEDIA_ERRORS } from '../../lib/emulator/ingest/error-codes.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { producerMedia } from '../support/producer-media.ts'
import { type Ack, PutMediaClient, summary } from '../support/put-media-client.ts'
import { RawProducer } from '../support/raw-producer.ts'
import { controlClient, mediaClient, openMedia, readAll, sendRaw, tagValues } from './clients.ts'

const MEDIA = producerMedia({ fragments: 4 })

async function withDoor(faults: readonly PlannedFault[], options = {}): Promise<Emulator> {
  const emulator = await startEmulator({ limits: 'off', idleEndMs: 0, ...options })
  await emulator.addStream({ name: 'door' })
  emulator.faults('door', faults)
  return emulator
}

/** The acknowledgements of one upload of all the media. */
async function putAll(emulator: Emulator): Promise<readonly Ack[]> {
  const producer = new PutMediaClient(emulator.url)
  await producer.write(MEDIA.bytes)
  return await producer.end()
}

const timecodes = (acks: readonly Ack[], type: Ack['EventType']) =>
  acks.filter(ack => ack.EventType === type).map(ack => ack.FragmentTimecode)

const storedTimes = (emulator: Emulator) => emulator.stream('door').fragments.map(part => part.timestampMs)

describe('an error-ack fault', () => {
  for (const [errorCode, errorId] of Object.entries(PUT_MEDIA_ERRORS)) {
    it(`ends the session with ${errorCode}, given by name or by id, at the fragment that is chosen`, async () => {
      await using emulator = await withDoor([
        { type: 'error-ack', errorCode, afterFragments: 1 },
        { type: 'error-ack', errorId, afterFragments: 1 },
      ])
      for (const session of [1, 2]) {
        const acks = await putAll(emulator)
        const { ErrorCode, ErrorId, FragmentTimecode, FragmentNumber } = acks.at(-1)!
        assert.deepEqual([ErrorCode, ErrorId, FragmentTimecode], [errorCode, errorId, 1000])
        const begun = acks.filter(ack => ack.EventType === 'BUFFERING')
        assert.deepEqual([begun.length, begun[1]?.FragmentNumber], [2, FragmentNumber])
        assert.deepEqual(timecodes(acks, 'RECEIVED'), [0])
        assert.equal(storedTimes(emulator).length, session)
      }
      const record = emulator.requests.at(-1)!
      await record.finished
      assert.deepEqual([record.fault, record.endedBy], ['error-ack', 'put-error'])
    })
  }

  it('sends an error that is in no list, where it has an id and a name', async () => {
    await using emulator = await withDoor([{ type: 'error-ack', errorCode: 'OF_TOMORROW', errorId: 4999 }])
    const { ErrorCode, ErrorId, FragmentTimecode } = (await putAll(emulator)).at(-1)!
    assert.deepEqual([ErrorCode, ErrorId, FragmentTimecode], ['OF_TOMORROW', 4999, 0])
  })

  const places: [Ack['EventType'], acks: string[], stored: number[]][] = [
    ['BUFFERING', ['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0', 'ERROR 5001'], [0]],
    ['RECEIVED', ['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0', 'BUFFERING 1000', 'ERROR 5001'], [0]],
    [
      'PERSISTED',
      ['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0', 'BUFFERING 1000', 'RECEIVED 1000', 'ERROR 5001'],
      [0, 1000],
    ],
  ]
  for (const [inPlaceOf, expected, stored] of places) {
    it(`comes in place of ${inPlaceOf}, and nothing follows`, async () => {
      await using emulator = await withDoor([
        { type: 'error-ack', errorId: 5001, afterFragments: 1, inPlaceOf: inPlaceOf as 'RECEIVED' },
      ])
      const producer = new PutMediaClient(emulator.url)
      await producer.write(Buffer.concat([MEDIA.header, MEDIA.fragments[0]!]))
      await producer.ack('BUFFERING')
      await producer.write(Buffer.concat(MEDIA.fragments.slice(1, 3)))
      // PERSISTED of one fragment and BUFFERING of the next have no order between them.
      assert.deepEqual(summary(await producer.end()).sort(), [...expected].sort())
      assert.equal(summary(producer.acks).at(-1), 'ERROR 5001')
      assert.deepEqual(storedTimes(emulator), stored)
    })
  }
})

describe('a withhold-acks fault', () => {
  const cases: [Fault, missing: Record<string, number[]>][] = [
    [
      { type: 'withhold-acks' },
      { BUFFERING: [0, 1000, 2000, 3000], RECEIVED: [0, 1000, 2000, 3000], PERSISTED: [0, 1000, 2000, 3000] },
    ],
    [{ type: 'withhold-acks', ackTypes: ['PERSISTED'] }, { PERSISTED: [0, 1000, 2000, 3000] }],
    [{ type: 'withhold-acks', ackTypes: ['RECEIVED'], afterFragments: 2 }, { RECEIVED: [2000, 3000] }],
    [
      { type: 'withhold-acks', ackTypes: ['BUFFERING', 'PERSISTED'], afterFragments: 1, fragments: 2 },
      { BUFFERING: [1000, 2000], PERSISTED: [1000, 2000] },
    ],
    [
      { type: 'withhold-acks', afterFragments: 3, fragments: 1 },
      { BUFFERING: [3000], RECEIVED: [3000], PERSISTED: [3000] },
    ],
  ]
  for (const [fault, missing] of cases) {
    it(`${JSON.stringify(fault)}: stores the media and leaves out just these`, async () => {
      await using emulator = await withDoor([fault])
      const acks = await putAll(emulator)
      for (const type of ['BUFFERING', 'RECEIVED', 'PERSISTED'] as const) {
        const expected = [0, 1000, 2000, 3000].filter(time => !missing[type]?.includes(time))
        assert.deepEqual(timecodes(acks, type), expected, type)
      }
      assert.deepEqual(storedTimes(emulator), [0, 1000, 2000, 3000])
    })
  }

  it('leaves IDLE out, or nothing else', async () => {
    const clock = new FakeClock()
    const options = { clock, putIdleAckMs: 1000, putIdleEndMs: 3000 }
    await using emulator = await withDoor(
      [
        { type: 'withhold-acks', ackTypes: ['IDLE'] },
        { type: 'none', operation: 'PutMedia' },
      ],
      options,
    )
    for (const expected of [0, 2]) {
      const producer = new PutMediaClient(emulator.url)
      await producer.write(MEDIA.bytes)
      await producer.ack('BUFFERING', 4)
      const record = emulator.requests.at(-1)!
      while (record.endedBy === undefined) {
        clock.advance(100)
        await settled()
      }
      const acks = await producer.done
      assert.equal(acks.filter(ack => ack.EventType === 'IDLE').length, expected)
      assert.equal(record.endedBy, 'idle')
    }
  })
})

describe('a late-acks fault', () => {
  it('sends them after the delay, and does not end the response before', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor(
      [{ type: 'late-acks', ackTypes: ['PERSISTED'], afterFragments: 2, delayMs: 5000 }],
      { clock },
    )
    const producer = new PutMediaClient(emulator.url)
    await producer.write(MEDIA.bytes)
    const done = producer.end()
    await producer.ack('RECEIVED', 4)
    await producer.ack('PERSISTED', 2)
    clock.advance(4999)
    await settled()
    assert.deepEqual(timecodes(producer.acks, 'PERSISTED'), [0, 1000])
    clock.advance(1)
    assert.deepEqual(timecodes(await done, 'PERSISTED'), [0, 1000, 2000, 3000])
  })

  it('loses none of them where the producer goes first', async () => {
    await using emulator = await withDoor([{ type: 'late-acks', delayMs: 3_600_000 }])
    const producer = new PutMediaClient(emulator.url)
    await producer.write(MEDIA.bytes)
    await producer.response
    producer.destroy()
    await emulator.requests.at(-1)!.finished
    const again = new PutMediaClient(emulator.url)
    await again.write(MEDIA.bytes)
    assert.deepEqual(timecodes(await again.end(), 'PERSISTED'), [0, 1000, 2000, 3000])
  })
})

describe('a break of PutMedia on the wire', () => {
  /** Header and two fragments, of which the first is whole. */
  const beginning = Buffer.concat([MEDIA.header, ...MEDIA.fragments.slice(0, 2)])
  const places = [
    ['after a fragment', { afterFragments: 1 }],
    ['at a byte', { atByte: beginning.length - 5 }],
  ] as const

  const breakWith = async (fault: Fault) => {
    const emulator = await withDoor([fault])
    const producer = await RawProducer.connect({ url: emulator.url })
    producer.send(beginning)
    const end = await producer.closed
    const { acks, hasLastChunk } = producer
    producer.destroy()
    const record = emulator.requests.at(-1)!
    await record.finished
    const stored = storedTimes(emulator)
    await emulator.close()
    return { end, acks, hasLastChunk, stored, record }
  }
  const first = ['BUFFERING 0', 'RECEIVED 0', 'PERSISTED 0']

  for (const [where, place] of places) {
    it(`${where}: "end" is a whole response and then a FIN`, async () => {
      const { end, acks, hasLastChunk, stored, record } = await breakWith({
        ...{ type: 'end', operation: 'PutMedia', ...place },
      } as Fault)
      assert.deepEqual([end, hasLastChunk, stored], ['fin', true, [0]])
      assert.deepEqual(acks.filter(ack => !ack.endsWith(' 1000')).sort(), [...first].sort())
      assert.deepEqual([record.fault, record.endedBy], ['end', 'fault'])
    })

    it(`${where}: "no-last-chunk" is a FIN in place of the last chunk`, async () => {
      const { end, acks, hasLastChunk, stored } = await breakWith({
        ...{ type: 'no-last-chunk', ...place },
      } as Fault)
      assert.deepEqual([end, hasLastChunk, stored], ['fin', false, [0]])
      assert.deepEqual(acks.filter(ack => !ack.endsWith(' 1000')).sort(), [...first].sort())
    })

    it(`${where}: "cut" closes the connection without the last chunk`, async () => {
      const { hasLastChunk, stored } = await breakWith({
        ...{ type: 'cut', operation: 'PutMedia', ...place },
      } as Fault)
      assert.deepEqual([hasLastChunk, stored], [false, [0]])
    })

    it(`${where}: "reset" is a reset`, async () => {
      await using emulator = await withDoor([{ type: 'reset', operation: 'PutMedia', ...place } as Fault])
      const producer = await RawProducer.connect({ url: emulator.url, isAcknowledged: false })
      producer.send(beginning.subarray(0, beginning.length - 60))
      // Node takes bytes and a reset that come at once for an ordinary end.
      await producer.until('200 OK')
      producer.send(beginning.subarray(beginning.length - 60))
      assert.equal(await producer.closed, 'reset')
      assert.deepEqual([producer.hasLastChunk, storedTimes(emulator)], [false, [0]])
    })
  }

  it('"no-last-chunk" still reads what the producer sends meanwhile', async () => {
    await using emulator = await withDoor([{ type: 'no-last-chunk', afterFragments: 0 }])
    const producer = await RawProducer.connect({ url: emulator.url })
    // The response begins with the first byte of media.
    producer.send(MEDIA.bytes.subarray(0, 1))
    assert.equal(await producer.closed, 'fin')
    producer.send(MEDIA.bytes.subarray(1))
    producer.socket.end('0\r\n\r\n')
    await emulator.requests.at(-1)!.finished
    assert.deepEqual([producer.hasLastChunk, storedTimes(emulator)], [false, []])
  })

  it('"stall" reads no more, says no more, and leaves the stream to others', async () => {
    await using emulator = await withDoor([{ type: 'stall', operation: 'PutMedia', afterFragments: 1 }])
    const producer = await RawProducer.connect({ url: emulator.url })
    producer.send(beginning)
    await producer.until('PERSISTED')
    const before = producer.received
    producer.send(Buffer.alloc(32_000_000))
    // The whole session of another producer takes longer than anything still in progress.
    assert.deepEqual(timecodes(await putAll(emulator), 'PERSISTED'), [0, 1000, 2000, 3000])
    assert.equal(producer.received, before)
    assert.ok(producer.socket.writableLength > 0)
    assert.equal(producer.socket.destroyed, false)
    producer.destroy()
  })

  it('"drip" reads the upload at its rate', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor([{ type: 'drip', operation: 'PutMedia', bytesPerSecond: 100 }], {
      clock,
    })
    const done = putAll(emulator)
    let isDone = false
    done.finally(() => {
      isDone = true
    })
    while (!isDone) {
      clock.advance(50)
      await settled()
    }
    assert.ok(clock.now() >= (MEDIA.bytes.length / 100) * 1000 - 100, `${clock.now()}`)
  })
})

describe('a fault that refuses', () => {
  const refusals: [Fault, statusCode: number, errorType: string | undefined][] = [
    [{ type: 'throttle', operation: 'PutMedia' }, 400, 'ClientLimitExceededException'],
    [
      { type: 'exception', operation: 'PutMedia', errorType: 'ServiceUnavailable' },
      503,
      'ServiceUnavailable',
    ],
    [{ type: 'exception', operation: 'PutMedia', statusCode: 502, body: '<h1>Bad</h1>' }, 502, undefined],
    [{ type: 'clock-skew', operation: 'PutMedia' }, 400, 'RequestExpired'],
  ]
  for (const [fault, statusCode, errorType] of refusals) {
    it(`answers PutMedia with ${statusCode} ${errorType ?? ''}, and takes no slot`, async () => {
      await using emulator = await withDoor([fault], { limits: { putMediaSessions: 1 } })
      const refused = new PutMediaClient(emulator.url)
      const response = await refused.response
      assert.deepEqual([response.statusCode, response.headers['x-amzn-errortype']], [statusCode, errorType])
      assert.equal((await putAll(emulator)).length, 12)
    })
  }

  it('names PutMedia in the throttle, and leaves GetMedia alone', async () => {
    await using emulator = await withDoor([{ type: 'throttle', operation: 'PutMedia' }])
    assert.equal((await readAll(await openMedia(mediaClient(emulator)))).length, 0)
    const { body } = await sendRaw(emulator, {
      path: '/putMedia',
      headers: { 'x-amzn-stream-name': 'door', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' },
    })
    assert.match(body, /requests for PutMedia API for resource 'door'/)
  })

  it('stale-endpoint refuses PutMedia until GetDataEndpoint is called', async () => {
    await using emulator = await withDoor([{ type: 'stale-endpoint', operation: 'PutMedia' }])
    for (let calls = 0; calls < 2; calls++) {
      const { headers } = await new PutMediaClient(emulator.url).response
      assert.equal(headers['x-amzn-errortype'], 'InvalidEndpointException')
    }
    const command = new GetDataEndpointCommand({ StreamName: 'door', APIName: 'PUT_MEDIA' })
    await controlClient(emulator).send(command)
    assert.equal((await putAll(emulator)).length, 12)
  })
})

describe('faults of GetMedia and of PutMedia', () => {
  it('wait in queues of their own, and count together', async () => {
    await using emulator = await withDoor([
      { type: 'end', atByte: 10 },
      { type: 'error-ack', errorCode: 'INTERNAL_ERROR' },
    ])
    await emulator.stream('door').load(MEDIA.bytes)
    assert.equal(emulator.pendingFaults('door'), 2)
    assert.equal((await putAll(emulator)).at(-1)?.ErrorId, 5000)
    assert.equal(emulator.pendingFaults('door'), 1)
    assert.equal((await readAll(await openMedia(mediaClient(emulator)))).length, 10)
    assert.equal(emulator.pendingFaults('door'), 0)
  })

  it('break GetMedia after whole fragments too', async () => {
    await using emulator = await withDoor([{ type: 'end', afterFragments: 2 }])
    await emulator.stream('door').load(MEDIA.bytes)
    const bytes = await readAll(await openMedia(mediaClient(emulator)))
    assert.equal(tagValues(bytes, 'CONTINUATION_TOKEN').length, 2)
  })

  it('are drawn by chance for PutMedia as for GetMedia: the same seed, the same faults', () => {
    const draw = (seed: number) => {
      const faults = new RandomFaults({ seed, operation: 'PutMedia', share: 1 })
      return Array.from({ length: 60 }, () => faults.next())
    }
    const types = new Set(draw(3).map(fault => fault?.type))
    assert.deepEqual(draw(3), draw(3))
    assert.deepEqual(
      [...types].sort(),
      ['cut', 'end', 'error-ack', 'exception', 'no-last-chunk', 'reset', 'throttle'].sort(),
    )
  })

  it('by chance strike the operation that they are for', async () => {
    await using emulator = await withDoor([])
    emulator.randomFaults('door', { seed: 1, share: 1, operation: 'PutMedia', types: ['error-ack'] })
    assert.equal((await readAll(await openMedia(mediaClient(emulator)))).length, 0)
    assert.equal((await putAll(emulator)).at(-1)?.EventType, 'ERROR')
  })
})

describe('the JSON of a fault', () => {
  const wrong: [what: unknown, message: RegExp][] = [
    [
      { type: 'error-ack' },
      /`faults\[0\].errorCode` must be one of STREAM_READ_ERROR, .*`errorId` beside it/,
    ],
    [{ type: 'error-ack', errorCode: 'NO_SUCH' }, /errorCode` must be one of .*got "NO_SUCH"/],
    [{ type: 'error-ack', errorId: 1 }, /errorId` must be an id of PutMedia, .*got 1/],
    [{ type: 'error-ack', errorId: 5000, inPlaceOf: 'IDLE' }, /inPlaceOf` must be one of "BUFFERING"/],
    [{ type: 'error-ack', errorId: 5000, afterFragments: -1 }, /afterFragments` must be an integer/],
    [{ type: 'error-ack', errorId: 5000, operation: 'GetMedia' }, /operation` must be one of "PutMedia"/],
    [{ type: 'withhold-acks', ackTypes: [] }, /ackTypes` must be a list of "BUFFERING"/],
    [{ type: 'withhold-acks', ackTypes: ['ERROR'] }, /ackTypes\[0\]` must be one of/],
    [{ type: 'withhold-acks', fragments: 0 }, /fragments` must be an integer/],
    [{ type: 'late-acks' }, /delayMs` must be an integer/],
    [{ type: 'late-acks', delayMs: 'soon' }, /delayMs` must be an integer .*got "soon"/],
    [{ type: 'reset', operation: 'PutMedia' }, /atByte` must be given, or `afterFragments`/],
    [{ type: 'cut', atByte: 1, afterFragments: 1 }, /afterFragments` must be absent beside `atByte`/],
    [{ type: 'no-last-chunk', operation: 'GetMedia', atByte: 1 }, /operation` must be one of "PutMedia"/],
    [
      { type: 'error-tag', id: 5000, afterFragment: 2 },
      /afterFragment` must be absent: a fault of type "error-tag" has .* did you mean `faults\[0\].afterFragments`/,
    ],
    [{ type: 'throttle', operation: 'ListStreams' }, /operation` must be one of "GetMedia"/],
    [{ type: 'none', operation: 'putMedia' }, /operation` must be one of "GetMedia"/],
    [{ type: 'toString' }, /type` must be one of "reset"/],
    [['throttle'], /`faults\[0\]` must be a fault/],
  ]
  for (const [fault, message] of wrong) {
    it(`${JSON.stringify(fault)} is refused`, async () => {
      await using emulator = await withDoor([])
      assert.throws(() => emulator.faults('door', [fault as Fault]), { code: 'ERR_INVALID_OPTION', message })
      assert.equal(emulator.pendingFaults('door'), 0)
    })
  }

  it('of faults by chance names what it does not know', async () => {
    await using emulator = await withDoor([])
    const plan = (options: object) => () => emulator.randomFaults('door', options as { seed: number })
    assert.throws(
      plan({ seed: 1, type: 'cut' }),
      /`random.type` must be absent: .* did you mean `random.types`/,
    )
    assert.throws(plan({ seed: 1, types: ['error-ack'] }), /types` must be a list of .* for GetMedia/)
    assert.throws(plan({ seed: 1, operation: 'PutMedia', types: ['error-tag'] }), /for PutMedia/)
  })
})
