import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OptionError } from '../../lib/core/errors.ts'
import { startEmulator } from '../../lib/emulator/index.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { framesIn, mediaClient, openMedia, readUntil, recording, tagValues } from './clients.ts'

describe('playLive', () => {
  it('lets fragments appear at their timestamps, dated when they appear', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    await using emulator = await startEmulator({ clock, limits: 'off' })
    const stream = await emulator.addStream({ name: 'door' })
    const play = await stream.playLive(recording(3))
    const counts: number[] = []
    for (let halfSecond = 0; halfSecond < 6; halfSecond++) {
      await clock.advanceInSteps(1, 1)
      counts.push(stream.fragments.length)
      await clock.advanceInSteps(499, 499)
    }
    await play.done
    assert.deepEqual(counts, [1, 1, 2, 2, 3, 3])
    const starts = stream.fragments.map(fragment => fragment.serverTimestampMs - 1_700_000_000_000)
    assert.ok(starts[0]! <= 1 && starts[1]! >= 1000 && starts[2]! >= 2000, String(starts))
    const producer = stream.fragments.map(fragment => fragment.producerTimestampMs)
    assert.deepEqual(producer, [1_700_000_000_000, 1_700_000_001_000, 1_700_000_002_000])
  })

  it('reaches a session that waits', async () => {
    await using emulator = await startEmulator({ limits: 'off', idleEndMs: 600_000 })
    const stream = await emulator.addStream({ name: 'door' })
    const body = await openMedia(mediaClient(emulator), { StartSelectorType: 'NOW' })
    const play = await stream.playLive(recording(3), { speed: Number.POSITIVE_INFINITY })
    const bytes = await readUntil(body, read => tagValues(read, 'CONTINUATION_TOKEN').length === 3)
    await play.done
    body.destroy()
    assert.equal(framesIn(bytes).length, 9)
  })

  it('plays again as a producer that began anew: timestamps set back, numbers rising', async () => {
    const clock = new FakeClock()
    await using emulator = await startEmulator({ clock, limits: 'off', random: () => 0 })
    const stream = await emulator.addStream({ name: 'door' })
    const play = await stream.playLive(recording(2), { speed: 2, loop: 2 })
    await clock.advanceInSteps(2000, 100)
    await play.done
    assert.deepEqual(
      stream.fragments.map(fragment => fragment.timestampMs),
      [0, 1000, 0, 1000],
    )
    assert.deepEqual(
      stream.fragments.map(fragment => Number((fragment.number >> 92n) & 0xffffffffn)),
      [1, 2, 1001, 1002],
    )
    const restarted = stream.fragments[2]!
    assert.equal(restarted.producerTimestampMs, restarted.serverTimestampMs)
  })

  it('stops when it is told to, and when the emulator closes', async () => {
    const clock = new FakeClock()
    const emulator = await startEmulator({ clock, limits: 'off' })
    const stream = await emulator.addStream({ name: 'door' })
    const first = await stream.playLive(recording(2), { loop: true })
    const second = await stream.playLive(recording(2), { loop: true })
    await first.stop()
    await emulator.close()
    await second.done
    await settled()
    assert.equal(clock.pendingTimers, 0)
  })

  it('refuses a speed of zero and less', async () => {
    await using emulator = await startEmulator()
    const stream = await emulator.addStream({ name: 'door' })
    for (const speed of [0, -1, Number.NaN]) {
      await assert.rejects(stream.playLive(recording(1), { speed }), OptionError)
    }
  })
})

describe('append', () => {
  it('takes what a spec decides, and refuses a number that does not rise', async () => {
    await using emulator = await startEmulator()
    const stream = await emulator.addStream({ name: 'door' })
    const [stored] = stream.append(recording(1), {
      number: 7n,
      serverTimestampMs: 5000,
      producerTimestampMs: 1000,
    })
    assert.deepEqual(
      [stored!.number, stored!.serverTimestampMs, stored!.producerTimestampMs],
      [7n, 5000, 1000],
    )
    assert.throws(() => stream.append(recording(1), { number: 7n }), OptionError)
    assert.throws(() => stream.append(Buffer.alloc(0)), OptionError)
  })
})
