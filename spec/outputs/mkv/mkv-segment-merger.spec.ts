import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  MkvSegmentMerger,
  type MkvSegmentMergerOptions,
} from '../../../lib/outputs/mkv/mkv-segment-merger.ts'
import {
  type FragmentOptions,
  type FrameOptions,
  fragment,
  payload,
  type TrackOptions,
} from '../../support/mkv-builder.ts'
import { countOf, eventsOf, framesOf, readMkv } from '../media.ts'

async function mergeEvents(
  events: readonly FragmentEvent[],
  options: MkvSegmentMergerOptions = {},
): Promise<Buffer> {
  return await buffer(Readable.from(events).pipe(new MkvSegmentMerger(options)))
}

async function merge(
  fragments: readonly FragmentOptions[],
  options: MkvSegmentMergerOptions = {},
): Promise<Buffer> {
  return await mergeEvents(await eventsOf(payload(...fragments.map(item => fragment(item)))), options)
}

/** Frames of 40 ms from `at` on, the first a keyframe, named by the fragment and their place. */
const pictures = (name: string, count = 3): FrameOptions[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * 40, keyframe: i === 0, data: `${name}${i}` }))
const timesOf = (bytes: Uint8Array) => framesOf(bytes).map(text => Number(/@(-?\d+)/.exec(text)?.[1]))
const seconds = (ms: number) => (ms / 1000).toFixed(3)
/** A fragment of three pictures whose timestamps and clocks say so. */
const part = (number: string, timestamp: number, producerMs: number | null, serverMs: number | null) => ({
  number,
  timestamp,
  producerTimestamp: producerMs === null ? null : seconds(producerMs),
  serverTimestamp: serverMs === null ? null : seconds(serverMs),
  frames: pictures(number),
})

describe('MkvSegmentMerger', () => {
  it('makes one document of many chunks, every frame as it was', async () => {
    const merged = await merge([part('1', 0, null, null), part('2', 120, null, null)])
    assert.equal(countOf(merged, 'document-start'), 1)
    assert.equal(countOf(merged, 'tracks'), 1)
    assert.deepEqual(framesOf(merged), ['1@0 10', '1@40 11', '1@80 12', '1@120 20', '1@160 21', '1@200 22'])
  })

  it('gives not a byte where there is no frame', async () => {
    assert.equal((await merge([{ withoutCluster: true }, { frames: [] }])).length, 0)
  })

  it('keeps numbers, names, codec data and durations of the tracks', async () => {
    const tracks: TrackOptions[] = [
      {
        number: 7,
        name: 'camera',
        codecPrivate: Buffer.from('014d401fffe1', 'hex'),
        defaultDurationNs: 33_366_700,
        video: { width: 640, height: 360 },
      },
      {
        number: 300,
        type: 'audio',
        name: 'mic',
        audio: { samplingFrequencyHz: 22_050, channels: 2, bitDepth: 16 },
      },
    ]
    const frames = [
      { track: 7, keyframe: true },
      { track: 300, keyframe: true },
    ]
    const merged = await merge([{ tracks, frames }])
    const [declared] = readMkv(merged).flatMap(event => (event.type === 'tracks' ? [event.tracks] : []))
    const [source] = (await eventsOf(fragment({ tracks, frames }))).flatMap(event =>
      event.type === 'fragment-start' ? [event.tracks] : [],
    )
    assert.deepEqual(declared, source)
  })

  it('begins at zero, with the earliest frame of any track', async () => {
    const frames = [
      { at: 500, keyframe: true, data: 'v' },
      { at: 480, track: 2, keyframe: true, data: 'a' },
    ]
    const merged = await merge([{ tracks: [{}, { type: 'audio' }], timestamp: 1_700_000_000_000, frames }])
    assert.deepEqual(framesOf(merged), ['1@20 v', '2@0 a'])
  })

  it('writes the frames of a lace singly, each at its own time', async () => {
    const frames: FrameOptions[] = [{ data: ['a', 'b', 'c'], lacing: 'xiph', keyframe: true }]
    const tracks: TrackOptions[] = [{ type: 'audio', codecId: 'A_OPUS', defaultDurationNs: 20_000_000 }]
    assert.deepEqual(framesOf(await merge([{ tracks, frames }])), ['1@0 a', '1@20 b', '1@40 c'])
  })

  it('stays within the 16 bits of a block however long a cluster of the source lasts', async () => {
    const frames = [0, 20_000, 32_767].map(at => ({ at, keyframe: at === 0, data: `${at}` }))
    const merged = await merge([
      { number: '1', frames },
      { number: '2', timestamp: 32_800, frames },
    ])
    assert.deepEqual(timesOf(merged), [0, 20_000, 32_767, 32_800, 52_800, 65_567])
  })

  const epoch = 1_700_000_000_000
  const joints: [name: string, parts: FragmentOptions[], keep: number[], close: number[]][] = [
    [
      'a gap in the timestamps',
      [part('1', 0, null, null), part('2', 5000, null, null)],
      [0, 40, 80, 5000, 5040, 5080],
      [0, 40, 80, 120, 160, 200],
    ],
    [
      'timestamps that repeat, with no clock to go by',
      [part('1', 0, null, null), part('2', 0, null, null)],
      [0, 40, 80, 120, 160, 200],
      [0, 40, 80, 120, 160, 200],
    ],
    [
      'a producer that counts from zero again, two seconds later by its clock',
      [part('1', 9000, epoch, epoch), part('2', 0, epoch + 2000, epoch + 9999)],
      [0, 40, 80, 2000, 2040, 2080],
      [0, 40, 80, 120, 160, 200],
    ],
    [
      'a producer that counts from zero in all ways, three seconds later by the clock of the service',
      [part('1', 5000, 5000, epoch), part('2', 0, 0, epoch + 3000)],
      [0, 40, 80, 3000, 3040, 3080],
      [0, 40, 80, 120, 160, 200],
    ],
    [
      'a clock that counted from zero and now from 1970',
      [part('1', 0, 0, null), part('2', epoch, epoch, null)],
      [0, 40, 80, 120, 160, 200],
      [0, 40, 80, 120, 160, 200],
    ],
    [
      'a few milliseconds of jitter, which are no gap',
      [part('1', 0, null, null), part('2', 127, null, null)],
      [0, 40, 80, 127, 167, 207],
      [0, 40, 80, 127, 167, 207],
    ],
  ]
  for (const [name, parts, keep, close] of joints) {
    it(`makes one rising timeline through ${name}`, async () => {
      const kept = await merge(parts, { gaps: 'keep' })
      const closed = await merge(parts, { gaps: 'close' })
      assert.deepEqual({ kept: timesOf(kept), closed: timesOf(closed) }, { kept: keep, closed: close })
    })
  }

  it('keeps picture and sound in step over a restart that cuts them at different moments', async () => {
    const tracks: TrackOptions[] = [{ defaultDurationNs: 40e6 }, { type: 'audio', defaultDurationNs: 64e6 }]
    const frames = [
      { at: 0, keyframe: true, data: 'v' },
      { at: 10, track: 2, keyframe: true, data: 'a' },
      { at: 40, data: 'v' },
    ]
    const merged = await merge(
      [
        { number: '1', tracks, frames },
        { number: '2', tracks, frames },
      ],
      { gaps: 'close' },
    )
    assert.deepEqual(framesOf(merged), ['1@0 v', '2@10 a', '1@40 v', '1@80 v', '2@90 a', '1@120 v'])
  })

  it('goes on behind a gap, a discontinuity and a broken-off fragment', async () => {
    const events = await eventsOf(
      payload(fragment(part('1', 0, null, null)), fragment(part('2', 40, null, null))),
    )
    const message = 'made by the spec'
    const gap: FragmentEvent = {
      ...{ type: 'gap', afterFragmentNumber: '1', beforeFragmentNumber: '2', message },
      ...{ serverGapMs: null, producerGapMs: null },
    }
    const discontinuity: FragmentEvent = {
      ...{ type: 'discontinuity', fragmentNumber: '1', reason: 'changed', framesDelivered: 3, message },
    }
    const withoutEnds = events.filter(({ type }) => type !== 'fragment-end')
    const second = withoutEnds.findIndex(
      event => event.type === 'fragment-start' && event.fragmentNumber === '2',
    )
    const merged = await mergeEvents(withoutEnds.toSpliced(second, 0, discontinuity, gap))
    assert.deepEqual(framesOf(merged), ['1@0 10', '1@40 11', '1@80 12', '1@120 20', '1@160 21', '1@200 22'])
  })

  it('begins a segment of its own when codec data change, on the same timeline', async () => {
    const merged = await merge([
      { ...part('1', 0, null, null), tracks: [{ codecPrivate: 'one', uid: 1 }] },
      { ...part('2', 120, null, null), tracks: [{ codecPrivate: 'one', uid: 99 }] },
      { ...part('3', 240, null, null), tracks: [{ codecPrivate: 'two', uid: 99 }] },
    ])
    assert.equal(countOf(merged, 'document-start'), 2)
    assert.deepEqual(timesOf(merged), [0, 40, 80, 120, 160, 200, 240, 280, 320])
  })

  it('tells no date where the clock is beyond what Matroska can say', async () => {
    const dateOf = async (producerTimestamp: string) => {
      const merged = await merge([{ producerTimestamp }])
      const at = merged.indexOf(Buffer.from('446188', 'hex'))
      return at === -1 ? undefined : merged.readBigInt64BE(at + 3)
    }
    assert.deepEqual(
      [await dateOf('1700000000.500'), await dateOf('99999999999.000')],
      [721_692_800_500_000_000n, undefined],
    )
  })

  it('fails when tracks change where that may not be', async () => {
    const changed = [
      { ...part('1', 0, null, null), tracks: [{ name: 'AUDIO_FROM_CUSTOMER' }] },
      { ...part('2', 120, null, null), tracks: [{ name: 'AUDIO_TO_CUSTOMER' }] },
    ]
    await assert.rejects(merge(changed, { onTrackChange: 'error' }), {
      code: 'ERR_OUTPUT',
      message: /fragment 2/,
    })
  })

  it('does not get blocks of a track that Tracks does not declare', async () => {
    const with2 = await merge([{ frames: [{ track: 2 }, { data: 'a' }] }])
    assert.deepEqual(with2, await merge([{ frames: [{ data: 'a' }] }]))
  })

  it('loses no frame and never lets sound go back, whatever the timestamps are', async () => {
    const part = fc.record({
      timestamp: fc.oneof(fc.nat(200), fc.nat(90_000), fc.constant(1_700_000_000_000)),
      producer: fc.option(fc.nat(100_000)),
      times: fc.array(fc.nat(3000), { minLength: 1, maxLength: 12 }),
    })
    const property = fc.asyncProperty(
      fc.array(part, { maxLength: 6 }),
      fc.boolean(),
      async (parts, isClosed) => {
        const fragments = parts.map(({ timestamp, producer, times }, index) => ({
          ...{ number: String(index + 1), timestamp, tracks: [{ type: 'audio' }] as TrackOptions[] },
          producerTimestamp: producer === null ? null : seconds(producer),
          frames: times
            .toSorted((a, b) => a - b)
            .map((at, i) => ({ at, keyframe: true, data: `${index}-${i}` })),
        }))
        const merged = await merge(fragments, { gaps: isClosed ? 'close' : 'keep' })
        const names = framesOf(merged).map(text => text.split(' ')[1])
        assert.deepEqual(
          names,
          fragments.flatMap(({ frames }) => frames.map(({ data }) => data)),
        )
        const times = timesOf(merged)
        assert.deepEqual([times[0] ?? 0, times.filter((ms, i) => i > 0 && ms < times[i - 1]!)], [0, []])
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  it('refuses options that are none', () => {
    // @ts-expect-error: neither is a choice
    assert.throws(() => new MkvSegmentMerger({ gaps: 'shut' }), { code: 'ERR_INVALID_OPTION' })
    // @ts-expect-error: one stream of bytes has no second file
    assert.throws(() => new MkvSegmentMerger({ onTrackChange: 'new-file' }), { code: 'ERR_INVALID_OPTION' })
  })

  it('is destroyed by its signal', async () => {
    const merger = new MkvSegmentMerger({ signal: AbortSignal.abort() })
    await assert.rejects(buffer(merger), { code: 'ERR_ABORTED' })
  })
})
