import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SampleAligner } from '../../../lib/outputs/wav/sample-aligner.ts'

const RATE_HZ = 8000
const PER_MS = RATE_HZ / 1000
const TOLERANCE_MS = 20

type Block = { readonly atMs: number | undefined; readonly samples: number }
type Placed = {
  readonly index: number
  readonly position: number
  readonly skipped: number
  readonly repeated: number
}

/** Where the blocks go, in their order, with the most that were held at once. */
function align(blocks: readonly Block[], sampleRateHz = RATE_HZ, toleranceMs = TOLERANCE_MS, originMs = 0) {
  const aligner = new SampleAligner<number>({ sampleRateHz, toleranceMs, originMs })
  const placed: Placed[] = []
  let mostHeld = 0
  const add = (placements: ReturnType<typeof aligner.push>) => {
    placed.push(...placements.map(({ block, ...rest }) => ({ index: block, ...rest })))
  }
  for (const [index, block] of blocks.entries()) {
    add(aligner.push({ ...block, block: index }))
    mostHeld = Math.max(mostHeld, index + 1 - placed.length)
  }
  add(aligner.end())
  return { placed, mostHeld }
}

const positions = (blocks: readonly Block[], sampleRateHz?: number, toleranceMs?: number) =>
  align(blocks, sampleRateHz, toleranceMs).placed.map(({ position }) => position)

/** Blocks of 20 ms whose timestamps are these. */
const blocksAt = (...times: (number | undefined)[]): Block[] => times.map(atMs => ({ atMs, samples: 160 }))
/** `count` blocks of 20 ms on the clock, from `fromMs`. */
const steady = (count: number, fromMs = 0) => Array.from({ length: count }, (_, index) => fromMs + index * 20)
/** Where blocks of 20 ms go that follow each other from `fromMs`. */
const following = (count: number, fromMs = 0) => steady(count, fromMs).map(ms => ms * PER_MS)

describe('blocks of samples go', () => {
  const cases: [name: string, times: (number | undefined)[], expected: number[]][] = [
    ['one after the other, where their timestamps are right', steady(9), following(9)],
    ['one after the other from where the first one begins', steady(5, 300), following(5, 300)],
    ['one after the other, where timestamps wobble', [0, 22, 38, 61, 79, 100], following(6)],
    ['one after the other, where one timestamp is far too late', [0, 20, 100, 60, 80, 100], following(6)],
    ['one after the other, where one timestamp is far too early', [0, 20, 40, -900, 80, 100], following(6)],
    ['one after the other, where three are as late', [...steady(3), 160, 180, 200, 120, 140], following(8)],
    [
      'one after the other, where late ones catch up',
      [...steady(3), 160, 161, 162, 163, 164, 165, 180],
      following(10),
    ],
    ['one after the other, where the first timestamp is late', [60, 20, 40, 60, 80, 100], following(6)],
    ['one after the other, where the last timestamp is late', [...steady(5), 160], following(6)],
    ['one after the other, where the last timestamp is early', [...steady(5), 0], following(6)],
    ['one after the other, without timestamps', [40, undefined, undefined, 100], following(4, 40)],
    [
      'after a gap, to the sample',
      [...steady(4), ...steady(6, 1080)],
      [...following(4), ...following(6, 1080)],
    ],
    [
      'after a gap of little more than the tolerance',
      [...steady(4), ...steady(6, 105)],
      [...following(4), ...following(6, 105)],
    ],
    ['on, over a gap of less than the tolerance', [...steady(4), ...steady(6, 99)], following(10)],
    [
      'after a gap that two blocks at the end agree on',
      [...steady(4), ...steady(2, 180)],
      [...following(4), ...following(2, 180)],
    ],
    [
      'after a long gap before the last block',
      [...steady(4), 2000],
      [...following(4), ...following(1, 2000)],
    ],
    [
      'after each of two gaps',
      [...steady(4), ...steady(5, 180), ...steady(5, 500)],
      [...following(4), ...following(5, 180), ...following(5, 500)],
    ],
    [
      'after a gap behind a late block',
      [...steady(4), 160, ...steady(5, 400)],
      [...following(5), ...following(5, 400)],
    ],
    [
      'onto what is there, where the clock goes back',
      [...steady(9), ...steady(5, 60)],
      [...following(9), ...following(5, 60)],
    ],
    [
      'onto their own moments, where others go on at the clock',
      [...steady(9), 20, 40, ...steady(9, 180)],
      [...following(9), ...following(2, 20), ...following(9, 180)],
    ],
  ]
  for (const [name, times, expected] of cases) {
    it(name, () => assert.deepEqual(positions(blocksAt(...times)), expected))
  }

  it('to their timestamps alone, where nothing is tolerated', () => {
    assert.deepEqual(positions(blocksAt(0, 21, 38, undefined, 90), RATE_HZ, 0), [0, 168, 304, 464, 720])
  })

  it('one after the other, where the first timestamp is late and the origin is the second', () => {
    const { placed } = align(blocksAt(60, ...steady(40, 20)), RATE_HZ, TOLERANCE_MS, 20)
    assert.deepEqual(
      placed.map(({ position }) => position),
      following(41),
    )
  })

  for (const [rateHz, samples] of [
    [48_000, 1024],
    [44_100, 1024],
    [16_000, 512],
    [44_100, 441],
    [11_025, 256],
  ] as const) {
    it(`after lost blocks of ${samples} samples at ${rateHz} Hz, to the sample, though timestamps are whole milliseconds`, () => {
      const kept = Array.from({ length: 60 }, (_, index) => index).filter(index => index < 23 || index > 31)
      const blocks = kept.map(index => ({ atMs: Math.floor((index * samples * 1000) / rateHz), samples }))
      assert.deepEqual(
        positions(blocks, rateHz),
        kept.map(index => index * samples),
      )
    })
  }
})

/** Less than half: at exactly half, the first block and all others could differ by a whole tolerance, which is a gap. */
const jitter = fc.double({ min: -TOLERANCE_MS / 2 + 0.1, max: TOLERANCE_MS / 2 - 0.1, noNaN: true })
const lengths = fc.integer({ min: 40, max: 600 })

/** Blocks whose true times follow each other, but for the gaps before some of them. */
function blocksOf(
  parts: readonly { readonly samples: number; readonly jitterMs: number }[],
  gapBefore: ReadonlyMap<number, number>,
) {
  let at = 0
  const truth: number[] = []
  const blocks = parts.map(({ samples, jitterMs }, index): Block => {
    at += gapBefore.get(index) ?? 0
    truth.push(at)
    const block = { atMs: 1000 + at / PER_MS + jitterMs, samples }
    at += samples
    return block
  })
  return { blocks, truth }
}

describe('for any blocks', () => {
  const parts = fc.array(fc.record({ samples: lengths, jitterMs: jitter }), { minLength: 1, maxLength: 120 })

  it('jitter of less than half the tolerance leaves no gap and no overlap', () => {
    fc.assert(
      fc.property(parts, parts => {
        const { blocks, truth } = blocksOf(parts, new Map())
        const { placed } = align(blocks)
        const [first] = placed
        assert.deepEqual(
          placed.map(({ position }) => position - first!.position),
          truth,
        )
        assert.ok(placed.every(({ skipped, repeated }) => skipped === 0 && repeated === 0))
      }),
    )
  })

  it('nor do single blocks that are any time off', () => {
    const spikes = fc.array(fc.integer({ min: 0, max: 24 }), { maxLength: 8 })
    const spikeMs = fc.integer({ min: -5000, max: 5000 })
    fc.assert(
      fc.property(
        fc.array(jitter, { minLength: 100, maxLength: 100 }),
        spikes,
        spikeMs,
        (jitters, spikes, spikeMs) => {
          const parts = jitters.map((jitterMs, index) => {
            const isSpike = spikes.some(spike => spike * 3 + 10 === index)
            return { samples: 160, jitterMs: isSpike ? spikeMs : jitterMs }
          })
          const { blocks, truth } = blocksOf(parts, new Map())
          const placed = positions(blocks)
          assert.deepEqual(
            placed.map(position => position - placed[0]!),
            truth,
          )
        },
      ),
    )
  })

  it('a gap is kept to the sample, where it begins', () => {
    const gap = fc.record({
      before: fc.integer({ min: 2, max: 20 }),
      after: fc.integer({ min: 4, max: 20 }),
      gapSamples: fc.integer({ min: 170, max: 500_000 }),
    })
    fc.assert(
      fc.property(gap, lengths, ({ before, after, gapSamples }, samples) => {
        const parts = Array.from({ length: before + after }, () => ({ samples, jitterMs: 0 }))
        const { blocks, truth } = blocksOf(parts, new Map([[before, gapSamples]]))
        const placed = positions(blocks)
        assert.deepEqual(
          placed.map(position => position - placed[0]!),
          truth,
        )
      }),
    )
  })

  it('a gap among jitter is kept as exactly as the timestamps say, where it begins', () => {
    const some = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 10, maxLength: 40 })
    fc.assert(
      fc.property(some, some, fc.integer({ min: 300, max: 80_000 }), (before, after, gapSamples) => {
        const parts = [...before, ...after].map(jitterMs => ({ samples: 160, jitterMs }))
        const { blocks, truth } = blocksOf(parts, new Map([[before.length, gapSamples]]))
        const placed = positions(blocks)
        const errors = placed.map((position, index) => position - placed[0]! - truth[index]!)
        assert.ok(errors.slice(0, before.length).every(error => error === 0))
        const rest = errors.slice(before.length)
        assert.ok(
          rest.every(error => error === rest[0] && Math.abs(error) <= 6 * PER_MS),
          String(rest[0]),
        )
      }),
    )
  })

  it('each is placed once, in order, whatever the timestamps', () => {
    const time = fc.option(fc.integer({ min: -10_000, max: 60_000 }), { nil: undefined })
    const any = fc.array(fc.record({ atMs: time, samples: fc.integer({ min: 0, max: 9000 }) }), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(any, blocks => {
        const { placed, mostHeld } = align(blocks)
        assert.deepEqual(
          placed.map(({ index }) => index),
          blocks.map((_, index) => index),
        )
        assert.ok(mostHeld <= 64)
        for (const { index, position, skipped, repeated } of placed) {
          assert.ok(Number.isInteger(position) && position >= 0 && repeated <= position)
          assert.ok(skipped >= 0 && skipped <= blocks[index]!.samples)
        }
      }),
    )
  })
})

describe('an hour of a producer whose clock drifts', () => {
  for (const ppm of [100, -100, 1000, -1000, 10_000, -50_000]) {
    it(`by ${ppm} millionths is followed in small steps`, () => {
      const count = Math.abs(ppm) > 1000 ? 20_000 : 180_000
      const wobble = [0, 2, -1, 1, -2, 0, 1]
      const blocks = Array.from({ length: count }, (_, index) => ({
        ...{ atMs: index * 20 * (1 + ppm / 1e6) + wobble[index % 7]!, samples: 160 },
      }))
      const { placed } = align(blocks)
      let mostStep = 0
      let mostError = 0
      let end = 0
      for (const { index, position, skipped, repeated } of placed) {
        assert.equal(position - repeated, end)
        end = position + 160 - skipped
        mostStep = Math.max(mostStep, skipped, repeated)
        mostError = Math.max(mostError, Math.abs(position - blocks[index]!.atMs * PER_MS))
      }
      // A step of 10 samples is 1.25 ms.
      const [maxStep, maxErrorMs] = Math.abs(ppm) <= 1000 ? [6, 24] : [10, 60]
      assert.ok(mostStep <= maxStep, `a step of ${mostStep} samples`)
      assert.ok(mostError <= maxErrorMs * PER_MS, `${mostError / PER_MS} ms off`)
    })
  }
})
