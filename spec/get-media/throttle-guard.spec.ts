import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, pipeline, Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { pipeline as pipelineOfReadableStream } from 'readable-stream'
import { SESSION_CAP_BYTES_PER_SECOND, ThrottleGuard } from '../../lib/get-media/throttle-guard.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'

const ERROR = new Error('upstream')

async function collect(stream: AsyncIterable<Buffer>): Promise<{ chunks: Buffer[]; error: unknown }> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk)
    return { chunks, error: undefined }
  } catch (error) {
    return { chunks, error }
  }
}

describe('ThrottleGuard passes bytes', () => {
  it('as the chunk objects that went in, to async iteration and to a reader of data', async () => {
    const given = Array.from({ length: 50 }, (_, index) => Buffer.alloc(1 + index * 100, index))
    for (const reader of ['iteration', 'data']) {
      const guard = new ThrottleGuard()
      for (const chunk of given) guard.write(chunk)
      guard.end()
      const taken: Buffer[] = []
      if (reader === 'iteration') taken.push(...(await collect(guard)).chunks)
      else
        await once(
          guard.on('data', chunk => taken.push(chunk)),
          'end',
        )
      assert.equal(taken.length, given.length)
      assert.ok(taken.every((chunk, index) => chunk === given[index]))
      assert.equal(guard.metrics.bytes, Buffer.concat(given).length)
    }
  })

  it('in pipeline of node:stream and of readable-stream, and by compose', async () => {
    for (const join of [pipeline, pipelineOfReadableStream]) {
      const sink = new PassThrough()
      const done = new Promise(resolve =>
        join(Readable.from([Buffer.from('one'), Buffer.from('two')]), new ThrottleGuard(), sink, resolve),
      )
      const text = Buffer.concat((await collect(sink)).chunks).toString()
      assert.deepEqual([text, await done], ['onetwo', undefined])
    }
    const composed = Readable.from([Buffer.from('one'), Buffer.from('two')]).compose(new ThrottleGuard())
    assert.equal(Buffer.concat(await composed.toArray()).toString(), 'onetwo')
  })

  it('and holds its source back while the reader does not read', async () => {
    const guard = new ThrottleGuard()
    let accepted = 0
    while (guard.write(Buffer.alloc(16 * 1024))) accepted++
    await settled()
    assert.ok(accepted <= 5)
    assert.equal(guard.readableLength, 16 * 1024)
    guard.destroy()
  })
})

describe('ThrottleGuard, while its reader flows,', () => {
  /** A guard whose reader flows, and what has reached it. */
  async function flowing(clock = new FakeClock()) {
    const guard = new ThrottleGuard({ clock })
    const taken: string[] = []
    guard.on('data', (chunk: Buffer) => taken.push(String(chunk)))
    // The first chunk has gone the long way.
    guard.write(Buffer.from('first'))
    await settled()
    return { guard, taken, clock }
  }

  it('hands a chunk on at once, and measures it', async () => {
    const { guard, taken, clock } = await flowing()
    clock.advance(100)
    const result = guard.write(Buffer.from('second'))
    const { bytes, waitedMs, heldBackMs } = guard.metrics
    assert.deepEqual([result, taken, bytes, waitedMs, heldBackMs], [true, ['first', 'second'], 11, 100, 0])
  })

  it('holds the writer back once it is paused, and counts that', async () => {
    const { guard, taken, clock } = await flowing()
    guard.once('data', () => guard.pause())
    guard.write(Buffer.from('second'))
    let written = 0
    while (guard.write(Buffer.alloc(16 * 1024, 'x'))) written++
    clock.advance(700)
    assert.deepEqual([taken, written < 5, guard.metrics.heldBackMs], [['first', 'second'], true, 700])
    guard.resume()
    await once(guard, 'drain')
    await settled()
    assert.deepEqual([taken.length, guard.metrics.bytes], [3 + written, 11 + (written + 1) * 16 * 1024])
  })

  it('takes text and empty chunks as streams do', async () => {
    const { guard, taken } = await flowing()
    guard.write('text')
    guard.write(Buffer.alloc(0))
    guard.write(new Uint8Array([0x21]))
    guard.end(Buffer.from('last'))
    await once(guard, 'end')
    assert.deepEqual(taken, ['first', 'text', '!', 'last'])
  })

  it('puts what a listener writes behind the chunk, for every listener, however often', async () => {
    const { guard, taken } = await flowing()
    const others: string[] = []
    guard.on('data', (chunk: Buffer) => {
      if (taken.length < 5000) guard.write(chunk)
    })
    guard.on('data', (chunk: Buffer) => others.push(String(chunk)))
    guard.write(Buffer.from('x'))
    await settled()
    assert.deepEqual([taken.length, others.length], [5000, 4999])
  })

  it('ends and fails behind the chunk that a listener had in hand', async () => {
    for (const act of [(guard: ThrottleGuard) => guard.end(), (guard: ThrottleGuard) => guard.fail(ERROR)]) {
      const { guard, taken } = await flowing()
      const others: string[] = []
      const outcome: unknown[] = []
      guard.once('data', () => act(guard))
      guard.on('data', (chunk: Buffer) => others.push(String(chunk)))
      guard.on('end', () => outcome.push('end')).on('error', error => outcome.push(error))
      guard.write(Buffer.from('x'))
      await settled()
      assert.deepEqual([taken, others, outcome.length], [['first', 'x'], ['x'], 1])
    }
  })

  it('decodes where it is asked to', async () => {
    const guard = new ThrottleGuard()
    guard.setEncoding('utf8')
    const taken: unknown[] = []
    guard.on('data', chunk => taken.push(chunk))
    for (const chunk of ['61', 'c3', 'a9']) {
      guard.write(Buffer.from(chunk, 'hex'))
      await settled()
    }
    assert.deepEqual(taken, ['a', 'é'])
  })

  it('keeps a chunk for a reader that is away for a moment', async () => {
    const { guard } = await flowing()
    guard.removeAllListeners('data')
    guard.write(Buffer.from('second'))
    const [chunk] = await once(guard, 'data')
    assert.equal(String(chunk), 'second')
  })

  it('gives nothing more once a listener has destroyed it', async () => {
    const { guard, taken } = await flowing()
    guard.on('data', () => guard.destroy())
    guard.write(Buffer.from('second'))
    const result = guard.write(Buffer.from('third'))
    await settled()
    assert.deepEqual([result, taken], [false, ['first', 'second']])
  })
})

describe('ThrottleGuard measures', () => {
  it('the last second, the average and the share of the cap', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock })
    guard.resume()
    for (let step = 0; step < 40; step++) {
      guard.write(Buffer.alloc(125_000))
      await settled()
      clock.advance(50)
    }
    const { bytes, bytesPerSecond, averageBytesPerSecond, capShare } = guard.metrics
    assert.equal(bytes, 5_000_000)
    assert.equal(averageBytesPerSecond, 2_500_000)
    assert.ok(Math.abs(bytesPerSecond - 2_500_000) <= 125_000, String(bytesPerSecond))
    assert.equal(capShare, bytesPerSecond / SESSION_CAP_BYTES_PER_SECOND)
    clock.advance(2_000)
    assert.equal(guard.metrics.bytesPerSecond, 0)
    assert.equal(guard.metrics.averageBytesPerSecond, 1_250_000)
    guard.end()
    await once(guard, 'end')
    clock.advance(10_000)
    assert.equal(guard.metrics.averageBytesPerSecond, 1_250_000)
  })

  it('how long the reader held it back, and how long the source let it wait', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock })
    clock.advance(500)
    assert.equal(guard.read(), null)
    clock.advance(300)
    assert.deepEqual([guard.metrics.waitedMs, guard.metrics.heldBackMs], [300, 0])
    guard.write('first')
    guard.write('second')
    clock.advance(1_000)
    assert.deepEqual([guard.metrics.waitedMs, guard.metrics.heldBackMs], [300, 1_000])
    assert.equal(String(guard.read()), 'first')
    clock.advance(70)
    assert.deepEqual([guard.metrics.waitedMs, guard.metrics.heldBackMs], [300, 1_070])
    assert.equal(String(guard.read()), 'second')
    clock.advance(20)
    assert.deepEqual([guard.metrics.waitedMs, guard.metrics.heldBackMs], [320, 1_070])
    guard.destroy()
    clock.advance(1_000)
    assert.deepEqual([guard.metrics.waitedMs, guard.metrics.heldBackMs], [320, 1_070])
  })
})

describe('ThrottleGuard paces', () => {
  it('smoothly, and exactly on the long run', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock, paceBytesPerSecond: 100_000 })
    const source = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(10_000)))
    let bytes = 0
    guard.on('data', chunk => {
      bytes += chunk.length
    })
    const ended = once(source.pipe(guard), 'end')
    const afterEachStep: number[] = []
    for (let step = 0; step < 105; step++) {
      await settled()
      afterEachStep.push(bytes)
      clock.advance(100)
    }
    await ended
    assert.equal(bytes, 1_000_000)
    afterEachStep.forEach((delivered, step) => {
      const planned = Math.min(1_000_000, step * 10_000)
      assert.ok(Math.abs(delivered - planned) <= 10_000, `${delivered} bytes after ${step * 100} ms`)
    })
    assert.equal(clock.pendingTimers, 0)
  })

  it('with timers that are late, without losing rate', async () => {
    const clock = new FakeClock()
    const lateClock = Object.assign(Object.create(clock), {
      now: () => clock.now(),
      after: (delayMs: number, callback: () => void) => clock.after(delayMs + 17, callback),
    })
    const guard = new ThrottleGuard({ clock: lateClock, paceBytesPerSecond: 100_000 })
    let bytes = 0
    guard.on('data', chunk => {
      bytes += chunk.length
    })
    Readable.from(Array.from({ length: 1_000 }, () => Buffer.alloc(1_000))).pipe(guard)
    await clock.advanceInSteps(2_000, 5)
    assert.ok(Math.abs(bytes - 200_000) <= 10_000, `${bytes} bytes in 2 s`)
    guard.destroy()
  })

  it('a large chunk in views of it', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock, paceBytesPerSecond: 1_000 })
    const given = Buffer.from(Array.from({ length: 200 }, (_, index) => index))
    const taken: Buffer[] = []
    guard.on('data', chunk => taken.push(chunk))
    guard.end(given)
    await clock.advanceInSteps(300, 10)
    assert.deepEqual(Buffer.concat(taken), given)
    assert.ok(taken.every(chunk => chunk.length === 50 && chunk.buffer === given.buffer))
  })

  it('and leaves no timer when it is destroyed', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock, paceBytesPerSecond: 100 })
    guard.resume()
    guard.write(Buffer.alloc(1_000))
    await settled()
    assert.equal(clock.pendingTimers, 1)
    guard.destroy()
    await once(guard, 'close')
    assert.equal(clock.pendingTimers, 0)
  })

  it('not at a rate below one byte a second', () => {
    for (const paceBytesPerSecond of [0, -1, Number.NaN]) {
      assert.throws(() => new ThrottleGuard({ paceBytesPerSecond }), { option: 'paceBytesPerSecond' })
    }
  })
})

describe('ThrottleGuard fails late', () => {
  it('after everything that was written, to a reader that comes afterwards', async () => {
    const guard = new ThrottleGuard()
    for (const chunk of ['a', 'b', 'c']) guard.write(chunk)
    guard.fail(ERROR)
    guard.fail(new Error('second'))
    const { chunks, error } = await collect(guard)
    assert.deepEqual([Buffer.concat(chunks).toString(), error], ['abc', ERROR])
  })

  it('after everything, also into a slow pipe', async () => {
    const taken: string[] = []
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, callback) {
        taken.push(String(chunk))
        void settled().then(() => callback())
      },
    })
    const guard = new ThrottleGuard()
    const piped = new Promise(resolve => pipeline(guard, slow, resolve))
    for (const chunk of ['a', 'b', 'c']) guard.write(chunk)
    guard.fail(ERROR)
    assert.equal(await piped, ERROR)
    assert.equal(taken.join(''), 'abc')
  })

  it('at its pace, with what it holds', async () => {
    const clock = new FakeClock()
    const guard = new ThrottleGuard({ clock, paceBytesPerSecond: 1_000 })
    const collecting = collect(guard)
    guard.write(Buffer.alloc(300, 'a'))
    guard.write(Buffer.alloc(300, 'b'))
    await settled()
    guard.fail(ERROR)
    await clock.advanceInSteps(500, 10)
    assert.equal(guard.destroyed, false)
    await clock.advanceInSteps(200, 10)
    const { chunks, error } = await collecting
    assert.deepEqual([Buffer.concat(chunks).length, error], [600, ERROR])
    assert.equal(clock.pendingTimers, 0)
  })

  it('at once where it holds nothing, and also when the source had ended', async () => {
    const idle = new ThrottleGuard()
    idle.resume()
    idle.fail(ERROR)
    assert.deepEqual(await once(idle, 'error'), [ERROR])
    const ended = new ThrottleGuard()
    ended.end('a')
    ended.fail(ERROR)
    const { chunks, error } = await collect(ended)
    assert.deepEqual([Buffer.concat(chunks).toString(), error], ['a', ERROR])
  })
})

describe('ThrottleGuard.admit', () => {
  const stream = () => ({ streamName: `cam-${randomUUID()}`, region: 'us-west-2' })

  it('gives three places for a stream, and the next when one is released', async () => {
    const options = stream()
    const permits = await Promise.all([1, 2, 3].map(() => ThrottleGuard.admit(options)))
    let admitted = false
    const fourth = ThrottleGuard.admit(options).then(permit => {
      admitted = true
      return permit
    })
    await settled()
    assert.equal(admitted, false)
    permits[0]!.release()
    permits.push(await fourth)
    for (const permit of permits) permit.release()
  })

  it('rejects who is aborted, and a stream that is none', async () => {
    const options = stream()
    const permits = await Promise.all([1, 2, 3].map(() => ThrottleGuard.admit(options)))
    const controller = new AbortController()
    const waiting = ThrottleGuard.admit(options, { signal: controller.signal })
    await settled()
    controller.abort()
    await assert.rejects(waiting, { code: 'ERR_ABORTED' })
    await assert.rejects(ThrottleGuard.admit({ streamName: 'a/b' }), { code: 'ERR_INVALID_OPTION' })
    for (const permit of permits) permit.release()
  })
})
