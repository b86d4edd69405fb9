import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SegmentClock } from '../../../lib/matroska/reader/segment-clock.ts'

describe('SegmentClock', () => {
  const cases: [
    name: string,
    scale: number,
    ticks: number | bigint,
    relativeTicks: number,
    expectedMs: number,
  ][] = [
    ['milliseconds', 1_000_000, 2000, 40, 2040],
    ['a time before the cluster', 1_000_000, 2000, -40, 1960],
    ['a time before zero', 1_000_000, 0, -5, -5],
    ['ticks of two milliseconds', 2_000_000, 3, 1, 8],
    ['ticks of half a millisecond', 500_000, 3, 0, 1.5],
    ['nanoseconds', 1, 1_500_000, 0, 1.5],
    ['a tick of a 44.1 kHz sample', 22_676, 44_100, 0, 1000.0116],
    ['a third of a millisecond', 333_333, 3, 0, 0.999999],
    ['epoch time in milliseconds', 1_000_000, 1_726_677_688_724, 64, 1_726_677_688_788],
    ['epoch time in microseconds', 1000, 1_726_677_688_724_001, 0, 1_726_677_688_724.001],
    ['epoch time in ticks of 100 ns', 100, 17_266_776_887_240_000n, 5000, 1_726_677_688_724.5],
    ['epoch time in nanoseconds', 1, 1_726_677_688_724_000_000n, -24_000, 1_726_677_688_723.976],
    ['a negative fraction', 1, -1_500_000, 0, -1.5],
    ['ticks of a whole day', 86_400_000_000_000, 20_000, 1, 1_728_086_400_000],
  ]
  for (const [name, scale, ticks, relativeTicks, expectedMs] of cases) {
    it(`reads ${name}`, () => assert.equal(new SegmentClock(scale).toMs(ticks, relativeTicks), expectedMs))
  }

  it('is exact to the last bit that a number has, for any scale and any epoch', () => {
    const input = fc.record({
      scale: fc.integer({ min: 1, max: 2_000_000_000 }),
      ns: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
      relative: fc.integer({ min: -32_768, max: 32_767 }),
    })
    fc.assert(
      fc.property(input, ({ scale, ns, relative }) => {
        const ticks = ns / BigInt(scale)
        const given = ticks <= Number.MAX_SAFE_INTEGER ? Number(ticks) : ticks
        const ms = new SegmentClock(scale).toMs(given, relative)
        const exactNs = (ticks + BigInt(relative)) * BigInt(scale)
        const errorNs = Math.abs(Number(BigInt(Math.trunc(ms)) * 1_000_000n - exactNs) + (ms % 1) * 1e6)
        // One unit in the last place of a number of this size.
        assert.ok(errorNs <= Math.max(1, Math.abs(ms)) * 2 ** -52 * 1e6, `${errorNs} ns off`)
      }),
      { numRuns: 500 },
    )
  })
})
