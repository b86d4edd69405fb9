import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import { PutMediaClient, summary } from '../support/put-media-client.ts'

const second = (index: number, bytes = 5) =>
  cluster({ timestamp: index * 1000, blocks: [{ keyframe: true, data: Buffer.alloc(bytes) }] })
const good = document(info(), tracks(), second(0))

async function withDoor(options: EmulatorOptions = {}) {
  const emulator = await startEmulator(options)
  await emulator.addStream({ name: 'door' })
  return emulator
}

/** Lets the fake clock run until a promise is settled; gives how much of its time that took. */
async function advanceUntil(clock: FakeClock, promise: Promise<unknown>, stepMs = 10): Promise<number> {
  let isSettled = false
  void promise.finally(() => {
    isSettled = true
  })
  const fromMs = clock.now()
  await settled()
  while (!isSettled) {
    clock.advance(stepMs)
    await settled()
  }
  return clock.now() - fromMs
}

/** So many clusters of a producer, made fast: one, repeated, with its timestamp set in each. */
function manyClusters(from: number, count: number): Buffer {
  const one = cluster({ producer: 'pic', blocks: [{ data: 'x' }] })
  const many = Buffer.alloc(one.length * count, one)
  const timestampAt = one.indexOf(Buffer.from('e788', 'hex')) + 2
  for (let index = 0; index < count; index++) {
    many.writeBigUInt64BE(BigInt((from + index) * 1000), index * one.length + timestampAt)
  }
  return many
}

describe('PutMedia’s limits', () => {
  it('refuse the second producer, and free the place when the first is through', async () => {
    await using emulator = await withDoor({ putHandoverMs: 0 })
    const first = new PutMediaClient(emulator.url)
    await first.write(good)
    await first.response
    const second = new PutMediaClient(emulator.url)
    await second.write(good)
    const refused = await second.response
    assert.deepEqual(
      [refused.statusCode, refused.headers['x-amzn-errortype']],
      [400, 'ConnectionLimitExceededException'],
    )
    second.destroy()
    await first.end()
    const third = new PutMediaClient(emulator.url)
    await third.write(good)
    assert.equal((await third.response).statusCode, 200)
    await third.end()
  })

  it('free the place of a producer that is gone', async () => {
    await using emulator = await withDoor()
    const first = new PutMediaClient(emulator.url)
    await first.write(good)
    await first.response
    first.destroy()
    const second = new PutMediaClient(emulator.url)
    await second.write(good)
    assert.equal((await second.response).statusCode, 200)
    await second.end()
  })

  it('let five calls a second through', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock })
    const answers: (number | undefined)[] = []
    const call = async () => {
      const producer = new PutMediaClient(emulator.url)
      void producer.end()
      answers.push((await producer.response).statusCode)
      await producer.done
    }
    for (let calls = 0; calls < 6; calls++) await call()
    clock.advance(1000)
    await call()
    assert.deepEqual(answers, [200, 200, 200, 200, 200, 400, 200])
  })

  it('hold a producer to so many bytes a second by not reading on', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock, limits: { putMediaBytesPerSecond: 100_000 } })
    const producer = new PutMediaClient(emulator.url)
    void producer.write(Buffer.concat([good, second(1, 500_000)]))
    const tookMs = await advanceUntil(clock, producer.end())
    assert.equal(emulator.stream('door').fragments.length, 2)
    assert.ok(tookMs >= 4000, `${tookMs} ms for half a megabyte`)
  })

  it('hold a producer to five fragments a second, after a second’s worth at once', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock })
    const producer = new PutMediaClient(emulator.url)
    const rest = Array.from({ length: 19 }, (_, index) => second(index + 1))
    void producer.write(Buffer.concat([good, ...rest]))
    const tookMs = await advanceUntil(clock, producer.end())
    assert.equal(emulator.stream('door').fragments.length, 20)
    assert.ok(tookMs >= 2790, `${tookMs} ms for twenty fragments`)
  })

  it('tell a silent producer IDLE, and end after half a minute with what is whole', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(good)
    await producer.ack('BUFFERING')
    const tookMs = await advanceUntil(clock, producer.done, 100)
    assert.deepEqual(summary(producer.acks), [
      'BUFFERING 0',
      ...Array(5).fill('IDLE 0'),
      'RECEIVED 0',
      'PERSISTED 0',
    ])
    assert.ok(tookMs >= 29_900, `${tookMs} ms`)
    assert.equal(emulator.requests[0]!.endedBy, 'idle')
  })

  it('end a body that stalls inside an element with error 4000', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock, putIdleAckMs: 600, putIdleEndMs: 1000 })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(good.subarray(0, good.length - 2))
    await producer.ack('BUFFERING')
    await advanceUntil(clock, producer.done, 100)
    assert.deepEqual(summary(producer.acks), ['BUFFERING 0', 'IDLE 0', 'ERROR 4000'])
    assert.equal(emulator.stream('door').fragments.length, 0)
  })

  it('do not call a producer silent that is held back', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({
      clock,
      putIdleEndMs: 1000,
      limits: { putMediaBytesPerSecond: 10_000 },
    })
    const producer = new PutMediaClient(emulator.url)
    void producer.write(Buffer.concat([good, second(1, 100_000)]))
    await advanceUntil(clock, producer.end(), 100)
    assert.deepEqual(
      summary(producer.acks).filter(ack => /IDLE|ERROR/.test(ack)),
      [],
    )
    assert.equal(emulator.stream('door').fragments.length, 2)
  })

  it('end a session after its lifetime with error 4003', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock, putSessionLifetimeMs: 2000 })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(Buffer.concat([good, second(1)]))
    await producer.ack('BUFFERING', 2)
    clock.advance(1999)
    await settled()
    assert.equal(emulator.requests[0]!.endedBy, undefined)
    clock.advance(1)
    assert.equal(summary(await producer.done).at(-1), 'ERROR 4003')
    assert.equal(emulator.stream('door').fragments.length, 1)
  })

  it('close a connection that goes on sending after its error', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock, limits: 'off' })
    const producer = new PutMediaClient(emulator.url)
    await producer.write(Buffer.from('no MKV'))
    await producer.done
    const closed = (async () => {
      for (;;) {
        await producer.write(Buffer.alloc(65_536))
        if (emulator.requests[0]!.endedBy !== undefined && producer.isClosed) return
        await settled()
      }
    })()
    await advanceUntil(clock, closed, 100)
    assert.deepEqual(summary(producer.acks), ['ERROR 4006'])
  })

  it('leave no timer behind', async () => {
    const clock = new FakeClock()
    await using emulator = await withDoor({ clock })
    for (const body of [good, Buffer.from('no MKV')]) {
      const producer = new PutMediaClient(emulator.url)
      await producer.write(body)
      await producer.end()
    }
    await Promise.all(emulator.requests.map(request => request.finished))
    await settled()
    assert.equal(clock.pendingTimers, 0)
  })

  it('leave others in peace while a producer does not read its acknowledgements', async () => {
    await using emulator = await withDoor({ limits: 'off', signatures: 'ignore' })
    const socket = connect(emulator.port, '127.0.0.1')
    const head = [
      'POST /putMedia HTTP/1.1',
      'Host: door',
      'x-amzn-stream-name: door',
      'x-amzn-fragment-timecode-type: ABSOLUTE',
      'Transfer-Encoding: chunked',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    // Never read: the service's writes fill the buffers between, and then it reads no more either.
    socket.pause()
    const chunk = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
    socket.write(chunk(good))
    let index = 1
    for (let stuck = 0; stuck < 50; ) {
      const isTaken = socket.writableLength < 1_000_000
      if (isTaken) socket.write(chunk(manyClusters(index, 1000)))
      if (isTaken) index += 1000
      stuck = isTaken ? 0 : stuck + 1
      await settled()
    }
    const { length } = emulator.stream('door').fragments
    assert.ok(length < index, `${length} of ${index} fragments were taken`)
    socket.destroy()
    await emulator.requests[0]!.finished
  })
})
