import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MkvSyntaxError, OptionError } from '../../lib/core/errors.ts'
import { type MediaFragment, splitFragments, startEmulator } from '../../lib/emulator/index.ts'
import { blockOffsets } from '../../lib/emulator/streams/block-offsets.ts'
import { EbmlReader } from '../../lib/matroska/ebml/ebml-reader.ts'
import { ELEMENT_IDS as ID } from '../../lib/matroska/schema/elements.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  cluster,
  document,
  ebmlHeader,
  fragment,
  info,
  segmentHead,
  tags,
  tracks,
  voidElement,
} from '../support/mkv-builder.ts'
import { requiresSharedData, sharedData } from '../support/requirements.ts'
import { mediaClient, openMedia, readUntil, tagValues } from './clients.ts'

const camera = fileURLToPath(new URL('../../lib/cli/demo/camera.mkv', import.meta.url))

/** All of a fragment's producer bytes. */
function bytesOf(part: MediaFragment): Buffer {
  return Buffer.concat([part.ebmlHeader, segmentHead(), part.segmentHeader, part.cluster, part.trailer])
}

describe('splitFragments', () => {
  const header = [info(), tracks(), tags({ ENCODER: 'specs' })]
  const first = cluster({ timestamp: 0, blocks: [{ at: 0 }, { at: 40 }] })
  const second = cluster({ timestamp: 80, blocks: [{ at: 0 }], unknownSize: true })
  const between = tags({ MOTION: 'yes' })

  it('makes each cluster a fragment, with the header before it and what follows it', () => {
    const parts = splitFragments(document(...header, first, between, second, voidElement(3)))
    assert.deepEqual(parts.map(bytesOf), [
      document(...header, first, between),
      document(...header, second, voidElement(3)),
    ])
    assert.deepEqual(
      parts.map(part => [part.timestampMs, part.durationMs, blockOffsets(part).length]),
      [
        [0, 80, 2],
        [80, 1, 1],
      ],
    )
  })

  it('gives tags before Info to the first fragment only, as the service does', () => {
    const early = tags({ EARLY: 'yes' })
    const parts = splitFragments(document(early, ...header, first, second))
    assert.deepEqual(parts.map(bytesOf), [document(early, ...header, first), document(...header, second)])
  })

  it('takes the service’s tags and the end-of-fragment tag out, and keeps their word', () => {
    const end = tags({ AWS_KINESISVIDEO_END_OF_FRAGMENT: '' })
    const chunk = fragment({
      number: '17',
      serverTimestamp: '2.500',
      producerTimestamp: '1.000',
      tags: { A: 'b' },
    })
    const [part] = splitFragments(Buffer.concat([chunk, end]))
    assert.deepEqual(tagValues(bytesOf(part!), 'FRAGMENT_NUMBER'), [])
    assert.ok(!bytesOf(part!).includes('AWS_KINESISVIDEO'))
    assert.ok(Buffer.from(part!.trailer).includes('A'))
    assert.deepEqual(part!.recorded, { number: 17n, serverTimestampMs: 2500, producerTimestampMs: 1000 })
  })

  it('counts time by the timestamp scale', () => {
    const parts = splitFragments(document(info({ timestampScale: 500_000 }), tracks(), first, second))
    assert.deepEqual(
      parts.map(part => part.timestampMs),
      [0, 40],
    )
  })

  it('leaves out a cluster that is not whole, and finds none in a header alone', () => {
    const bytes = document(...header, first, second)
    assert.equal(splitFragments(bytes.subarray(0, bytes.length - 1)).length, 1)
    assert.deepEqual(splitFragments(document(...header)), [])
    assert.deepEqual(splitFragments(ebmlHeader()), [])
  })

  it('refuses bytes that are no Matroska', () => {
    assert.throws(() => splitFragments(Buffer.from('hello, world')), MkvSyntaxError)
  })
})

describe('the demo clip', () => {
  it('begins each cluster with a video keyframe', async () => {
    const parts = splitFragments(await readFile(camera))
    // Track 1, no time after the cluster's, the keyframe flag.
    const heads = parts.map(part => Buffer.from(firstBlock(bytesOf(part))).toString('hex', 0, 4))
    assert.deepEqual(heads, Array(10).fill('81000080'))
  })
})

function firstBlock(bytes: Uint8Array): Uint8Array {
  const path: readonly number[] = [ID.Segment, ID.Cluster, ID.SimpleBlock]
  const most = Number.POSITIVE_INFINITY
  const reader = new EbmlReader({
    wants: ({ id }) => path.includes(id),
    maxFrameBytes: most,
    maxMetadataBytes: most,
  })
  reader.push(bytes)
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind === 'data') return event.bytes
  }
  return new Uint8Array()
}

describe('addStream', () => {
  it('dates a file as if it had just been sent', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    await using emulator = await startEmulator({ clock })
    const stream = await emulator.addStream({ name: 'door', source: camera })
    const ends = stream.fragments.map(part => part.serverTimestampMs + part.durationMs)
    assert.equal(stream.fragments.length, 10)
    assert.equal(ends.at(-1), 1_700_000_000_000)
    assert.deepEqual(
      stream.fragments.slice(1).map(part => part.serverTimestampMs),
      ends.slice(0, -1),
    )
    for (const part of stream.fragments) {
      assert.match(String(part.number), /^91343852333181432[0-9]{30}$/)
      assert.equal(Number((part.number >> 28n) & ((1n << 64n) - 1n)), part.serverTimestampMs)
    }
  })

  it('takes the cluster’s timestamp for the producer’s time with ABSOLUTE', async () => {
    await using emulator = await startEmulator()
    const source = Buffer.concat([fragment({ timestamp: 1500 }), fragment({ timestamp: 2500 })])
    const stream = await emulator.addStream({ name: 'door', source, fragmentTimecodeType: 'ABSOLUTE' })
    assert.deepEqual(
      stream.fragments.map(part => part.producerTimestampMs),
      [1500, 2500],
    )
  })

  it('refuses a name twice, a wrong name, and a source without a cluster, and leaves no stream behind', async () => {
    await using emulator = await startEmulator()
    await emulator.addStream({ name: 'door' })
    await assert.rejects(emulator.addStream({ name: 'door' }), OptionError)
    await assert.rejects(emulator.addStream({ name: 'a/b' }), OptionError)
    await assert.rejects(emulator.addStream({ name: 'gate', source: document(info()) }), OptionError)
    await assert.rejects(emulator.addStream({ name: 'gate', source: Buffer.from('no MKV') }), MkvSyntaxError)
    assert.throws(() => emulator.stream('gate'), OptionError)
  })
})

describe('a recording of the real service', () => {
  for (const name of ['output_get_media.mkv', 'test_mixed_tags.mkv']) {
    it(`comes back byte for byte: ${name}`, requiresSharedData(name), async () => {
      const recorded = await readFile(sharedData(name)!)
      const behind = tagValues(recorded, 'MILLIS_BEHIND_NOW').map(Number)
      const clock = { ...realTimers, wallClockMs: () => nowMs }
      // Retention counts from the loading: the clock goes on from when the recording was made.
      let nowMs = Number(tagValues(recorded, 'SERVER_TIMESTAMP')[0]) * 1000
      await using emulator = await startEmulator({ limits: 'off', idleEndMs: 0, clock })
      const stream = await emulator.addStream({ name: 'door', source: recorded, keepRecorded: true })
      let offset = 0
      for (const [index, part] of stream.fragments.entries()) {
        nowMs = part.serverTimestampMs + behind[index]!
        const after = {
          StartSelectorType: 'FRAGMENT_NUMBER',
          AfterFragmentNumber: String(part.number - 1n),
        } as const
        const body = await openMedia(mediaClient(emulator), after)
        const read = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length >= 1)
        body.destroy()
        const length = recorded.indexOf(Buffer.from('1a45dfa3', 'hex'), offset + 4) - offset
        const expected = length < 0 ? recorded.subarray(offset) : recorded.subarray(offset, offset + length)
        assert.ok(read.subarray(0, expected.length).equals(expected), `chunk ${index} at byte ${offset}`)
        offset += expected.length
      }
      assert.equal(offset, recorded.length)
    })
  }

  const restarting = 'output-get-media-non-increasing-timecode.mkv'
  it('of a producer that began anew is dated on and on', requiresSharedData(restarting), async () => {
    await using emulator = await startEmulator()
    const stream = await emulator.addStream({ name: 'door', source: sharedData(restarting)! })
    const times = stream.fragments.map(part => part.producerTimestampMs)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    )
    assert.notEqual(stream.fragments[1]!.timestampMs > stream.fragments[0]!.timestampMs, true)
  })
})

const realTimers = {
  now: () => performance.now(),
  after(delayMs: number, callback: () => void) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
