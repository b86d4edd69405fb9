import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FragmentEvent } from '../../../lib/index.ts'
import {
  type KeyframeSample,
  KeyframeSampler,
  type KeyframeSamplerOptions,
} from '../../../lib/outputs/snapshots/keyframe-sampler.ts'
import { type FrameOptions, fragment, payload } from '../../support/mkv-builder.ts'
import { requiresSharedData, sharedData } from '../../support/requirements.ts'
import { eventsOf } from '../media.ts'
import { audioTrack, avcRecord, part, videoTrack } from '../pictures.ts'

async function sample(
  events: readonly FragmentEvent[],
  options: KeyframeSamplerOptions = {},
): Promise<KeyframeSample[]> {
  const samples: KeyframeSample[] = []
  for await (const each of Readable.from(events).pipe(new KeyframeSampler(options))) samples.push(each)
  return samples
}

/** Fragments of a second each, with the keyframe first. */
const seconds = (startsMs: readonly number[], more: object = {}) =>
  eventsOf(
    payload(...startsMs.map((atMs, index) => fragment(part({ number: String(index), atMs, ...more })))),
  )

const fragmentsOf = (samples: readonly KeyframeSample[]) =>
  samples.map(({ fragmentNumber }) => Number(fragmentNumber))

const everySecond = (count: number) => Array.from({ length: count }, (_, index) => index * 1000)
const withoutClock = { producerTimestamp: null, serverTimestamp: null }

describe('KeyframeSampler', () => {
  it('gives every keyframe, with all that a decoder needs', async () => {
    const samples = await sample(await seconds([0, 1000]))
    assert.deepEqual(
      samples.map(({ track, frame, wallClock, fragmentNumber, timestampMs, index }) => ({
        ...{ wallClock: wallClock?.getTime(), fragmentNumber, timestampMs, index },
        track: [track.number, track.codec.kind, track.codecPrivate?.length, track.video?.pixelWidth],
        frame: [frame.keyframe, frame.track, frame.wallClock?.getTime(), Buffer.from(frame.data).toString()],
      })),
      [0, 1].map(index => ({
        ...{ wallClock: 1_600_000_000_000 + index * 1000, fragmentNumber: String(index) },
        ...{ timestampMs: index * 1000, index, track: [1, 'h264', avcRecord().length, 320] },
        frame: [true, 1, 1_600_000_000_000 + index * 1000, `\0\0\0\x04${index}.0 `],
      })),
    )
  })

  it('copies the frame, so that it does not hold what it lies in', async () => {
    const events = await seconds([0])
    const [{ frame } = assert.fail()] = await sample(events)
    const original = events.find(event => event.type === 'frame')!
    assert.ok(original.data.buffer.byteLength > frame.data.length)
    assert.equal(frame.data.buffer.byteLength, frame.data.length)
    assert.deepEqual(Buffer.from(frame.data), Buffer.from(original.data))
  })

  it('gives every n-th keyframe', async () => {
    const events = await seconds(everySecond(8))
    assert.deepEqual(fragmentsOf(await sample(events, { everyNth: 3 })), [0, 3, 6])
  })

  it('gives the first keyframe in each so many milliseconds', async () => {
    const events = await seconds(everySecond(12))
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 3000 })), [0, 3, 6, 9])
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 2500 })), [0, 3, 5, 8, 10])
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 1 })).length, 12)
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 60_000 })), [0])
  })

  it('gives one sample after a gap, and not those of the time between', async () => {
    const events = await seconds([0, 1000, 3_600_000, 3_601_000, 3_602_000, 3_603_000])
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 2000 })), [0, 2, 4])
  })

  it('goes by the frames where every fragment begins at zero and no clock tells', async () => {
    const events = await seconds(
      Array.from({ length: 9 }, () => 0),
      withoutClock,
    )
    // A fragment lasts from 0 to 900 ms, and 100 ms to the next.
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 3000 })), [0, 3, 6])
  })

  it('goes on when the clock is set back, by hours or by a little', async () => {
    for (const backMs of [3_600_000, 500]) {
      const starts = [10_000_000, 10_001_000, 10_002_000, 10_003_000]
      const events = await seconds([...starts, ...starts.map(atMs => atMs - backMs)])
      assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 2000 })), [0, 2, 4, 6])
    }
  })

  it('goes on when the wall clock goes away and comes back', async () => {
    const clocked = (number: number) => fragment(part({ number: String(number), atMs: number * 1000 }))
    const unclocked = (number: number) =>
      fragment({ ...part({ number: String(number), atMs: number * 1000 }), ...withoutClock })
    const events = await eventsOf(
      payload(...[0, 1, 2].map(clocked), ...[3, 4, 5].map(unclocked), ...[6, 7, 8].map(clocked)),
    )
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 2000 })), [0, 2, 4, 6, 8])
  })

  it('does not count a picture twice that is shown before one which came earlier', async () => {
    const frames: FrameOptions[] = [0, 400, 200, 100, 300, 800, 600, 500, 700, 900].map((at, index) => ({
      at,
      keyframe: index === 0,
      data: 'x',
    }))
    const events = await seconds(everySecond(6), { frames })
    assert.deepEqual(fragmentsOf(await sample(events, { everyMs: 2000 })), [0, 2, 4])
  })

  it('takes the first video track, or the one that is asked for', async () => {
    const tracks = [
      audioTrack({ name: 'sound' }),
      videoTrack({ name: 'front' }),
      videoTrack({ name: 'back' }),
    ]
    const frames = [1, 2, 3].map(track => ({ track, keyframe: true, data: String(track) }))
    const events = await eventsOf(fragment({ tracks, frames }))
    const taken = async (options: KeyframeSamplerOptions) =>
      (await sample(events, options)).map(({ frame }) => String(Buffer.from(frame.data)))
    assert.deepEqual(await taken({}), ['2'])
    assert.deepEqual(await taken({ track: 'back' }), ['3'])
    assert.deepEqual(await taken({ track: 1 }), ['1'])
    await assert.rejects(taken({ track: 'side' }), {
      code: 'ERR_OUTPUT',
      message: /no track "side".*"front"/,
    })
  })

  it('fails for a stream without video', async () => {
    const events = await eventsOf(fragment({ tracks: [audioTrack()], frames: [{ data: 'x' }] }))
    await assert.rejects(sample(events), {
      code: 'ERR_OUTPUT',
      output: 'KeyframeSampler',
      message: /no video track/,
    })
  })

  it('refuses options that are none', () => {
    const wrong = [
      { everyMs: 0 },
      { everyNth: 0 },
      { everyNth: 1.5 },
      { everyMs: 1000, everyNth: 2 },
      { track: 0 },
    ]
    for (const options of wrong) {
      assert.throws(() => new KeyframeSampler(options), { code: 'ERR_INVALID_OPTION' })
    }
  })

  it('ends with an AbortError when its signal fires', async () => {
    const stage = new KeyframeSampler({ signal: AbortSignal.abort() })
    const error = await new Promise<{ code?: string }>(resolve => stage.once('error', resolve))
    assert.equal(error.code, 'ERR_ABORTED')
  })

  it('neither stalls nor floods, whatever the clock does', async () => {
    const jumps = fc.array(fc.integer({ min: -5_000_000, max: 5_000_000 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(jumps, async jumpsMs => {
        // Ten fragments of a second between jumps.
        let atMs = 20_000_000
        const starts = jumpsMs.flatMap(jumpMs => {
          const run = everySecond(10).map(sinceMs => atMs + sinceMs)
          atMs = run.at(-1)! + jumpMs
          return Math.min(...run) < 0 ? [] : run
        })
        const found = fragmentsOf(await sample(await seconds(starts), { everyMs: 4000 }))
        const steps = found.slice(1).map((number, index) => number - found[index]!)
        // Four fragments apart; earlier only where the clock says that more time has gone by.
        assert.ok(
          steps.every(step => step <= 5),
          JSON.stringify({ jumpsMs, found }),
        )
        const most = Math.ceil(starts.length / 4) + jumpsMs.length
        assert.ok(
          found.length <= most && starts.length - (found.at(-1) ?? 0) <= 5,
          JSON.stringify({ jumpsMs, found }),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('samples a capture by its wall clock', requiresSharedData('output_get_media.mkv'), async () => {
    const events = await eventsOf(await readFile(sharedData('output_get_media.mkv') ?? ''))
    const samples = await sample(events, { everyMs: 4000 })
    assert.deepEqual(
      samples.map(({ wallClock }) => wallClock?.toISOString()),
      ['2017-11-28T06:55:08.513Z', '2017-11-28T06:55:12.513Z', '2017-11-28T06:55:16.513Z'],
    )
  })
})
