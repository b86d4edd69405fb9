import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FragmentEvent, FragmentFrame } from '../../../../lib/index.ts'
import { FramePlacer } from '../../../../lib/outputs/shared/timeline/frame-placer.ts'
import { type FragmentOptions, fragment, payload, type TrackOptions } from '../../../support/mkv-builder.ts'
import { eventsOf } from '../../media.ts'

const TRACKS: readonly TrackOptions[] = [{}, { type: 'subtitle' }]

/** A picture each second of ten, and a cue at `cueAt` that shows for so long. */
const part = (index: number, cueAt: number, durationTicks: number): FragmentOptions => ({
  ...{ number: `${index}`, timestamp: index * 10_000, tracks: TRACKS },
  producerTimestamp: `${1_600_000_000 + index * 10}.000`,
  frames: [
    ...(cueAt === 0 ? [{ track: 2, at: 0, data: 'cue', keyframe: true, group: { durationTicks } }] : []),
    ...Array.from({ length: 10 }, (_, second) => ({
      at: second * 1000,
      keyframe: second === 0,
      data: 'picture',
    })),
    ...(cueAt > 0 ? [{ track: 2, at: cueAt, data: 'cue', keyframe: true, group: { durationTicks } }] : []),
  ],
})

const DAY_MS = 24 * 60 * 60 * 1000

/** One picture, and nothing that says how long it lasts. */
const still = (index: number, atMs: number, producerMs = atMs): FragmentOptions => ({
  ...{ number: `${index}`, timestamp: atMs },
  producerTimestamp: (1_600_000_000 + producerMs / 1000).toFixed(3),
  frames: [{ keyframe: true, data: 'picture' }],
})

async function timesOf(parts: readonly FragmentOptions[], gaps: 'keep' | 'close'): Promise<string[]> {
  return timesOfEvents(await eventsOf(payload(...parts.map(each => fragment(each)))), gaps)
}

/** The frame, at another time on the segment's clock. */
function at(frame: FragmentFrame, timestampMs: number): FragmentFrame {
  const { type, fragmentNumber, track, wallClock, keyframe, durationMs, laceIndex, data } = frame
  return {
    ...{ type, fragmentNumber, track, timestampMs, wallClock, keyframe, durationMs, laceIndex, data },
    ...{ invisible: false, discardable: false },
  }
}

function timesOfEvents(events: readonly FragmentEvent[], gaps: 'keep' | 'close'): string[] {
  const placer = new FramePlacer({ output: 'specs', gaps, onTrackChange: 'continue' })
  return [...events.flatMap(event => placer.push(event)), ...placer.end()].flatMap(step =>
    step.type === 'frame' ? [`${step.placed.frame.track}@${step.placed.timeMs}`] : [],
  )
}

describe('the timeline of an output', () => {
  it('leaves no gap in the pictures where a new session begins with sound, gaps closed', async () => {
    const tracks: readonly TrackOptions[] = [{}, { type: 'audio' }]
    const session = (number: string, videoAt: number): FragmentOptions => ({
      ...{ number, tracks },
      frames: [
        ...[0, 64].map(at => ({ track: 2, at, keyframe: true, data: 'sound' })),
        ...[0, 40, 80].map(at => ({ at: videoAt + at, keyframe: at === 0, data: 'picture' })),
      ],
    })
    const pictures = (await timesOf([session('1', 0), session('2', 64)], 'close')).filter(text =>
      text.startsWith('1@'),
    )
    assert.deepEqual(pictures, ['1@0', '1@40', '1@80', '1@120', '1@232', '1@272'])
  })

  for (const gaps of ['keep', 'close'] as const) {
    it(`lets cues show over what follows, gaps ${gaps === 'keep' ? 'kept' : 'closed'}`, async () => {
      const times = await timesOf([part(0, 9500, 9000), part(1, 0, 2000)], gaps)
      assert.deepEqual(times.slice(9, 13), ['1@9000', '2@9500', '2@10000', '1@10000'])
      assert.equal(times.at(-1), '1@19000')
    })

    it(`lets two cues begin together, gaps ${gaps === 'keep' ? 'kept' : 'closed'}`, async () => {
      const two = { ...part(0, 9500, 9000) }
      const frames = [...two.frames!, two.frames!.at(-1)!]
      const times = await timesOf([{ ...two, frames }, part(1, 0, 500)], gaps)
      assert.deepEqual(times.slice(10), ['2@9500', '2@9501', '2@10000', '1@10000', ...times.slice(14)])
    })

    it(`goes on at its rate where each fragment holds one frame, gaps ${gaps === 'keep' ? 'kept' : 'closed'}`, async () => {
      const times = await timesOf([still(0, 0), still(1, 2000), still(2, 4000), still(3, 6000)], gaps)
      assert.deepEqual(times, ['1@0', '1@2000', '1@4000', '1@6000'])
    })

    it(`so also where their timestamps start again, gaps ${gaps === 'keep' ? 'kept' : 'closed'}`, async () => {
      const times = await timesOf([still(0, 0, 0), still(1, 0, 2000), still(2, 0, 4000)], gaps)
      assert.deepEqual(times, ['1@0', '1@2000', '1@4000'])
    })

    it(`takes a jump of days inside a fragment for another clock, gaps ${gaps === 'keep' ? 'kept' : 'closed'}`, async () => {
      const frames = Array.from({ length: 30 }, (_, i) => ({
        at: 40 * i,
        keyframe: i === 0,
        data: 'picture',
      }))
      const jumps = [10 * DAY_MS, 50 * DAY_MS, 0]
      const events = (await eventsOf(fragment({ frames }))).map(event =>
        event.type === 'frame'
          ? at(event, jumps[Math.floor(event.timestampMs / 400)]! + event.timestampMs)
          : event,
      )
      assert.deepEqual(
        timesOfEvents(events, gaps),
        frames.map(frame => `1@${frame.at}`),
      )
    })
  }

  it('closes a gap after frames of which each is a fragment, once their rate is known', async () => {
    const times = await timesOf([still(0, 0), still(1, 2000), still(2, 62_000), still(3, 64_000)], 'close')
    assert.deepEqual(times, ['1@0', '1@2000', '1@4000', '1@6000'])
  })
})
