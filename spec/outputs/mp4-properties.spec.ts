import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BufferSource, EncodedPacketSink, Input, MP4 } from 'mediabunny'
import { type FragmentEvent, Mp4FileSink, Mp4Remuxer } from '../../lib/index.ts'
import { type FragmentOptions, fragment, payload } from '../support/mkv-builder.ts'
import { eventsOf, scratch } from './media.ts'
import { audioTrack, videoTrack } from './pictures.ts'

/** Whatever a producer's timestamps do, each frame is in the MP4 once, in its order, at times that a player can follow. */

type Packet = { readonly text: string; readonly seconds: number; readonly keyframe: boolean }

/** The packets of each track, as mediabunny's own reader finds them. */
async function read(bytes: Uint8Array): Promise<{ video: Packet[]; audio: Packet[] }> {
  const input = new Input({ source: new BufferSource(bytes as Uint8Array<ArrayBuffer>), formats: [MP4] })
  const packetsOf = async (track: Awaited<ReturnType<typeof input.getPrimaryVideoTrack>>) => {
    const packets: Packet[] = []
    if (track === null) return packets
    for await (const { data, timestamp, type } of new EncodedPacketSink(track).packets()) {
      packets.push({ text: Buffer.from(data).toString(), seconds: timestamp, keyframe: type === 'key' })
    }
    return packets
  }
  const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()]
  return { video: await packetsOf(video), audio: await packetsOf(audio as never) }
}

const frames = fc.array(fc.record({ isVideo: fc.boolean(), stepMs: fc.integer({ min: 0, max: 300 }) }), {
  minLength: 1,
  maxLength: 20,
})
/** Each begins with a keyframe, and where its timestamps are is anybody's guess. */
const fragments = fc.array(
  fc.record({ timestamp: fc.nat({ max: 100_000 }), producerS: fc.nat({ max: 10_000 }), frames }),
  { minLength: 1, maxLength: 6 },
)

type Part = typeof fragments extends fc.Arbitrary<(infer Each)[]> ? Each : never

function build(parts: readonly Part[]): FragmentOptions[] {
  return parts.map(({ timestamp, producerS, frames }, index) => {
    let at = 0
    const blocks = [{ isVideo: true, stepMs: 0 }, ...frames].map(({ isVideo, stepMs }, place) => {
      at += stepMs
      const data = `${isVideo ? 'v' : 'a'}${index}.${place}`
      return { track: isVideo ? 1 : 2, at, keyframe: !isVideo || place === 0, data }
    })
    return {
      ...{ number: `${index}`, timestamp, frames: blocks, tracks: [videoTrack(), audioTrack()] },
      producerTimestamp: `${1_600_000_000 + producerS}.000`,
    }
  })
}

async function check(events: readonly FragmentEvent[], bytes: Uint8Array): Promise<void> {
  const found = await read(bytes)
  for (const [number, packets] of [
    [1, found.video],
    [2, found.audio],
  ] as const) {
    const sent = events.filter(event => event.type === 'frame').filter(({ track }) => track === number)
    assert.deepEqual(
      packets.map(({ text, keyframe }) => [text, keyframe]),
      sent.map(({ data, keyframe }) => [Buffer.from(data).toString(), keyframe]),
    )
    const times = packets.map(({ seconds }) => seconds)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
  }
}

const targets: Readonly<Record<string, (events: readonly FragmentEvent[]) => Promise<Uint8Array>>> = {
  Mp4Remuxer: events => buffer(Readable.from(events).pipe(new Mp4Remuxer({ chunkMs: 200 }))),
  Mp4FileSink: async events => {
    await using directory = await scratch()
    const path = directory.file('a.mp4')
    await pipeline(Readable.from(events), new Mp4FileSink({ path }) as NodeJS.WritableStream)
    return await readFile(path)
  },
}

for (const [name, write] of Object.entries(targets)) {
  describe(name, () => {
    it('holds each frame once and in its order, whatever the timestamps do', async () => {
      await fc.assert(
        fc.asyncProperty(fragments, async parts => {
          const events = await eventsOf(payload(...build(parts).map(part => fragment(part))))
          await check(events, await write(events))
        }),
        { numRuns: 60 },
      )
    })
  })
}
