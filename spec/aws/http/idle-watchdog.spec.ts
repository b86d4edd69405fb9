import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IdleWatchdog } from '../../../lib/aws/http/idle-watchdog.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function watchdog() {
  const clock = new FakeClock()
  const barks: number[] = []
  return { clock, barks, dog: new IdleWatchdog(clock, 1_000, () => barks.push(clock.now())) }
}

describe('the watchdog of a silent body', () => {
  it('barks once after the limit', () => {
    const { clock, barks, dog } = watchdog()
    dog.wait()
    clock.advance(5_000)
    assert.deepEqual(barks, [1_000])
  })

  it('counts from the last bytes', () => {
    const { clock, barks, dog } = watchdog()
    dog.wait()
    clock.advance(900)
    dog.sawBytes()
    clock.advance(5_000)
    assert.deepEqual(barks, [1_900])
  })

  it('counts only while the reader waits, from the start of each wait', () => {
    const { clock, barks, dog } = watchdog()
    dog.wait()
    clock.advance(900)
    dog.rest()
    dog.sawBytes()
    clock.advance(50)
    dog.wait()
    clock.advance(999)
    assert.deepEqual(barks, [])
    dog.rest()
    clock.advance(5_000)
    assert.deepEqual(barks, [])
    dog.wait()
    clock.advance(1_000)
    assert.deepEqual(barks, [7_949 - 1_000 + 1_000])
  })

  it('has one timer at most, and none when it was stopped', () => {
    const { clock, barks, dog } = watchdog()
    for (let turn = 0; turn < 10; turn++) {
      dog.wait()
      dog.sawBytes()
      dog.rest()
    }
    dog.wait()
    assert.equal(clock.pendingTimers, 1)
    dog.stop()
    assert.equal(clock.pendingTimers, 0)
    clock.advance(5_000)
    assert.deepEqual(barks, [])
  })
})
