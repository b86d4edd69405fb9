import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { cutEvery } from '../support/chunkings.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { bytesOf, noticesOf, producerMedia, put, sinkFor } from '../support/producer-media.ts'
import { type SessionPlan, withPutMediaServer } from '../support/put-media-server.ts'

const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code
const MIB = 1024 * 1024

describe('PutMediaSink holds the producer back', () => {
  it('while the service takes nothing: it holds its limit, and no byte more', async () => {
    await withPutMediaServer([{ takesNothing: true }], async server => {
      const sink = sinkFor(server, { maxUnacknowledgedBytes: 8 * MIB })
      const large = producerMedia({ fragments: Array.from({ length: 32 }, () => MIB) })
      let written = 0
      for (const chunk of cutEvery(large.bytes, 100_000)) {
        sink.write(chunk, () => {
          written += chunk.length
        })
      }
      await standstill(() => written)
      assert.equal(sink.metrics.unacknowledgedBytes, 8 * MIB)
      assert.ok(written <= 8 * MIB + large.header.length, `${written} bytes were taken`)
      sink.destroy()
    })
  })

  it('while fragments are not persisted, and goes on as they are', async () => {
    const held: (() => void)[] = []
    const at: SessionPlan['at'] = ({ kind, fragment }, session) => {
      if (kind === 'end') held.push(() => session.endAnswer())
      if (kind !== 'whole') return kind === 'end'
      session.say('RECEIVED', fragment)
      session.keep(fragment)
      held.push(() => session.say('PERSISTED', fragment))
      return true
    }
    await withPutMediaServer([{ at }], async server => {
      const media = producerMedia({ fragments: Array.from({ length: 20 }, () => 100_000) })
      const sink = sinkFor(server, { maxUnacknowledgedBytes: 350_000 })
      const peaks: number[] = []
      let isFinished = false
      sink.on('finish', () => {
        isFinished = true
      })
      for (const chunk of cutEvery(media.bytes, 30_000)) sink.write(chunk)
      sink.end()
      while (!isFinished) {
        await standstill(() => server.persisted.length)
        peaks.push(sink.metrics.unacknowledgedBytes)
        held.shift()?.()
      }
      assert.ok(Math.max(...peaks) <= 350_000, `held ${Math.max(...peaks)} bytes`)
      assert.ok(peaks.length > 10, 'it had to wait')
      assert.deepEqual(bytesOf(server.persisted), media.fragments)
      assert.equal(server.sessions.length, 1)
    })
  })

  it('says so by `write` and `drain`', async () => {
    await withPutMediaServer([], async server => {
      const media = producerMedia({ fragments: [200_000, 200_000] })
      const sink = sinkFor(server)
      const log: unknown[] = [sink.write(media.bytes)]
      await new Promise(resolve => sink.once('drain', resolve))
      log.push('drain')
      sink.end()
      await new Promise(resolve => sink.on('finish', resolve))
      assert.deepEqual(log, [false, 'drain'])
    })
  })
})

describe('PutMediaSink in real time', () => {
  it('lets each cluster go when its timestamp says, and each document begin when it comes', async () => {
    const clock = new FakeClock()
    const one = producerMedia({ fragments: 3, from: 5000, producer: 'pic' })
    const two = producerMedia({ fragments: 2, from: 70, producer: 'pic' })
    const begun: [number, number][] = []
    const at: SessionPlan['at'] = ({ kind, fragment }) => {
      if (kind === 'begin') begun.push([clock.now(), fragment.timecodeMs])
      return undefined
    }
    await withPutMediaServer([{ at }, { at }], async server => {
      const sink = sinkFor(server, { clock, realtime: true })
      let isFinished = false
      sink.on('finish', () => {
        isFinished = true
      })
      sink.write(one.bytes)
      sink.end(two.bytes)
      while (!isFinished) {
        const before = begun.length
        await standstill(() => sink.metrics.bytes + server.persisted.length)
        if (begun.length === before || begun.length < 5) clock.advance(500)
      }
      assert.deepEqual(
        begun.map(([, timecodeMs]) => timecodeMs),
        [5000, 6000, 7000, 70, 1070],
      )
      const [first, second, third, other, last] = begun.map(([now]) => now) as [
        number,
        number,
        number,
        number,
        number,
      ]
      assert.deepEqual([first, second - first, third - second, last - other], [0, 1000, 1000, 1000])
    })
  })
})

describe('PutMediaSink leaves nothing behind', () => {
  const media = producerMedia({ fragments: [50, 200_000, 50] })

  it('at whatever moment it is destroyed: no socket, no timer', async () => {
    const clock = new FakeClock()
    await withPutMediaServer([], async server => {
      const errors: unknown[] = []
      for (let turns = 0; turns < 40; turns++) {
        const sink = sinkFor(server, { clock })
        sink.on('error', error => errors.push(error))
        for (const chunk of cutEvery(media.bytes, 20_000)) sink.write(chunk)
        if (turns % 2 === 0) sink.end()
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
        sink.destroy()
      }
      await server.allClosed()
      await settled()
      assert.deepEqual([errors, clock.pendingTimers], [[], 0])
    })
  })

  it('when it is destroyed while it waits to try again', async () => {
    const clock = new FakeClock()
    await withPutMediaServer([{ hangUp: true }], async server => {
      const sink = sinkFor(server, { clock, random: () => 1 })
      const retry = new Promise(resolve => sink.on('retry', resolve))
      sink.write(media.bytes)
      await retry
      assert.equal(clock.pendingTimers, 1)
      sink.destroy()
      await settled()
      assert.equal(clock.pendingTimers, 0)
      await server.allClosed()
    })
  })

  it('when its signal fires: an AbortError with the reason', async () => {
    const controller = new AbortController()
    await withPutMediaServer([{ saysNothing: true }], async server => {
      const sink = sinkFor(server, { signal: controller.signal })
      const failed = new Promise(resolve => sink.on('error', resolve))
      const attempt = new Promise(resolve => sink.on('attempt', resolve))
      sink.end(media.bytes)
      await attempt
      controller.abort(new Error('enough'))
      const error = await failed
      assert.equal(codeOf(error), 'ERR_ABORTED')
      assert.equal(String((error as Error).cause), 'Error: enough')
      await server.allClosed()
    })
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  it('when its signal had fired before: nothing is sent', async () => {
    await withPutMediaServer([], async server => {
      const { error } = await put(server, media.bytes, { signal: AbortSignal.abort() })
      assert.deepEqual([codeOf(error), server.sessions.length], ['ERR_ABORTED', 0])
    })
  })

  it('when it has finished: no listener on the signal, no timer, no socket', async () => {
    const clock = new FakeClock()
    const { signal } = new AbortController()
    await withPutMediaServer([{ resetAtByte: 1000 }], async server => {
      const { error } = await put(server, media.bytes, { clock, signal })
      await server.allClosed()
      const left = [error, clock.pendingTimers, getEventListeners(signal, 'abort').length]
      assert.deepEqual(left, [undefined, 0, 0])
    })
  })

  it('when a listener throws: it fails with that', async () => {
    await withPutMediaServer([], async server => {
      const sink = sinkFor(server)
      const { retries } = noticesOf(sink)
      const failed = new Promise(resolve => sink.on('error', resolve))
      sink.on('ack', () => {
        throw new Error('a slip')
      })
      sink.end(media.bytes)
      assert.equal(String(await failed), 'Error: a slip')
      await server.allClosed()
      assert.equal(retries.length, 0)
    })
  })
})

/** Resolves when a number has not moved for many turns: the sockets are this process's own. */
async function standstill(value: () => number): Promise<void> {
  for (let turns = 0; turns < 40; ) {
    const before = value()
    await settled()
    turns = value() === before ? turns + 1 : 0
  }
}
