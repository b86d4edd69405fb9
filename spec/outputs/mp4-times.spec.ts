import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DecodeTimes, reorderDelay } from '../../lib/mp4/decode-times.ts'
import { SampleClock } from '../../lib/mp4/sample-clock.ts'

const shownTimes = fc.uniqueArray(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 60 })

describe('DecodeTimes', () => {
  it('are the times at which frames are shown, in rising order', () => {
    fc.assert(
      fc.property(shownTimes, shownAt => {
        assert.deepEqual(
          new DecodeTimes().of(shownAt, reorderDelay(shownAt)),
          shownAt.toSorted((a, b) => a - b),
        )
      }),
    )
  })

  it('rise over chunks, also where times repeat or go back', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat({ max: 1000 }), { minLength: 1 })), chunks => {
        const times = new DecodeTimes()
        const all = chunks.flatMap(chunk => times.of(chunk, 0))
        for (let i = 1; i < all.length; i++) assert.ok(all[i]! > all[i - 1]!)
      }),
    )
  })

  it('show no frame before it is decoded, once all are shown later by the delay', () => {
    fc.assert(
      fc.property(shownTimes, shownAt => {
        const delay = reorderDelay(shownAt)
        const decoded = new DecodeTimes().of(shownAt, delay)
        const offsets = shownAt.map((time, index) => time + delay - decoded[index]!)
        assert.ok(Math.min(...offsets) >= 0)
        assert.ok(delay === 0 || Math.min(...offsets) === 0)
      }),
    )
  })

  it('come before a frame is shown also where the delay that was told is too small', () => {
    fc.assert(
      fc.property(shownTimes, fc.nat({ max: 100 }), (shownAt, delay) => {
        // Room for all of them, in ticks, before the first is shown.
        const later = shownAt.map(time => 100 * (time + 1))
        const decoded = new DecodeTimes().of(later, delay)
        for (const [index, time] of later.entries()) assert.ok(decoded[index]! <= time + delay)
        for (let i = 1; i < decoded.length; i++) assert.ok(decoded[i]! > decoded[i - 1]!)
      }),
    )
  })

  it('need no delay where frames are sent as they are shown', () => {
    assert.equal(reorderDelay([0, 40, 80]), 0)
    assert.equal(reorderDelay([0, 120, 40, 80]), 40)
  })
})

describe('SampleClock', () => {
  const rates = fc.constantFrom(8000, 16_000, 22_050, 44_100, 48_000)

  it('puts frames whose times were rounded to milliseconds where they were', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 4096 }),
        fc.nat({ max: 10_000 }),
        (rateHz, samples, startMs) => {
          const clock = new SampleClock(rateHz)
          const start = Math.round((startMs * rateHz) / 1000)
          for (let i = 0; i < 50; i++) {
            const timeMs = Math.round(startMs + (i * samples * 1000) / rateHz)
            assert.equal(clock.place(timeMs, samples), start + i * samples)
          }
        },
      ),
    )
  })

  it('keeps a gap, and takes up the time behind it', () => {
    const clock = new SampleClock(48_000)
    assert.deepEqual(
      [0, 21, 500, 521].map(ms => clock.place(ms, 1024)),
      [0, 1024, 24_000, 25_024],
    )
  })

  it('follows a producer whose clock is not quite the samples', () => {
    const clock = new SampleClock(8000)
    const places = Array.from({ length: 1000 }, (_, i) => clock.place(Math.round(i * 20.02), 160))
    const farthest = Math.max(...places.map((place, i) => Math.abs(place / 8 - i * 20.02)))
    assert.ok(farthest <= 3, `${farthest} ms from the timestamps`)
  })

  it('takes the timestamps’ word where a frame’s length is unknown', () => {
    const clock = new SampleClock(48_000)
    assert.deepEqual(
      [0, 21, 43].map(ms => clock.place(ms, undefined)),
      [0, 1008, 2064],
    )
  })
})
