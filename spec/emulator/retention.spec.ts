import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EmulatorOptions, startEmulator } from '../../lib/emulator/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { cluster, document, info, tracks } from '../support/mkv-builder.ts'
import { PutMediaClient } from '../support/put-media-client.ts'
import { framesIn, mediaClient, openMedia, readUntil, recording, tagValues } from './clients.ts'

const HOUR_MS = 3_600_000

async function withDoor(dataRetentionInHours: number, options: EmulatorOptions = {}) {
  const clock = new FakeClock()
  const emulator = await startEmulator({ clock, limits: 'off', ...options })
  const stream = await emulator.addStream({ name: 'door', dataRetentionInHours })
  return { emulator, stream, clock }
}

for (const storage of ['memory', 'disk'] as const) {
  describe(`retention, kept in ${storage}`, () => {
    it('lets fragments expire by the time at which they were stored', async () => {
      const { emulator, stream, clock } = await withDoor(2, { storage })
      await using _ = emulator
      await stream.load(recording(1))
      clock.advance(HOUR_MS)
      await stream.load(recording(2))
      clock.advance(HOUR_MS)
      const counts = [stream.fragments.length]
      clock.advance(1)
      counts.push(stream.fragments.length)
      clock.advance(HOUR_MS)
      counts.push(stream.fragments.length)
      assert.deepEqual(counts, [3, 2, 0])
      assert.equal(stream.store.newest(), undefined)
      assert.deepEqual([...stream.store.byTime('server')], [])
    })

    it('follows a change of the retention', async () => {
      const { emulator, stream, clock } = await withDoor(5, { storage })
      await using _ = emulator
      await stream.load(recording(1))
      clock.advance(3 * HOUR_MS)
      await stream.load(recording(1))
      stream.metadata.update({ dataRetentionInHours: 2 })
      assert.equal(stream.fragments.length, 1)
      stream.metadata.update({ dataRetentionInHours: 24 })
      clock.advance(3 * HOUR_MS)
      assert.equal(stream.fragments.length, 1)
    })

    it('keeps what a stream without it has for five minutes', async () => {
      const { emulator, stream, clock } = await withDoor(0, { storage })
      await using _ = emulator
      stream.append(recording(1))
      clock.advance(300_000)
      assert.equal(stream.fragments.length, 1)
      clock.advance(1)
      assert.equal(stream.fragments.length, 0)
    })

    it('keeps of a stream without it so many bytes, the newest', async () => {
      const { emulator, stream } = await withDoor(0, { storage, bufferBytes: 1000 })
      await using _ = emulator
      for (let index = 0; index < 20; index++) stream.append(recording(1))
      const { fragments } = stream
      const bytes = fragments.reduce((sum, { byteLength }) => sum + byteLength, 0)
      assert.ok(bytes <= 1000 && bytes + fragments[0]!.byteLength > 1000, `${bytes} bytes`)
      assert.equal(fragments.at(-1)!.number >> 92n, (1n << 64n) + 20n)
    })
  })
}

describe('a storage in memory', () => {
  it('drops the oldest beyond its size, whatever the retention', async () => {
    const { emulator, stream } = await withDoor(24, { memoryBytes: 1000 })
    await using _ = emulator
    await stream.load(recording(20))
    assert.ok(stream.fragments.length < 20)
    assert.ok(framesIn(Buffer.from(stream.fragments.at(-1)!.cluster)).includes('frame-19-0'))
  })
})

describe('a GetMedia session whose position has expired', () => {
  it('goes on with the oldest that is there', async () => {
    const { emulator, stream, clock } = await withDoor(1, {
      idleEndMs: Number.POSITIVE_INFINITY,
      sessionLifetimeMs: Number.POSITIVE_INFINITY,
    })
    await using _ = emulator
    stream.append(recording(1))
    const body = await openMedia(mediaClient(emulator))
    const first = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 1)
    clock.advance(2 * HOUR_MS)
    stream.append(recording(1))
    const both = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 2, first)
    assert.equal(framesIn(both).length, 6)
    body.destroy()
  })

  it('starts there too, when it comes back with an expired number', async () => {
    const { emulator, stream, clock } = await withDoor(1)
    await using _ = emulator
    const [expired] = await stream.load(recording(1))
    clock.advance(2 * HOUR_MS)
    await stream.load(recording(2))
    const after = String(expired!.number)
    const body = await openMedia(mediaClient(emulator), {
      StartSelectorType: 'FRAGMENT_NUMBER',
      AfterFragmentNumber: after,
    })
    const read = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 2)
    assert.equal(framesIn(read).length, 6)
    body.destroy()
  })
})

describe('fragments of PutMedia', () => {
  it('leave memory when they are on disk, and can be read throughout', async () => {
    const { emulator, stream } = await withDoor(24, { storage: 'disk' })
    await using _ = emulator
    const counts = new Set<number>()
    stream.store.onAdd(() => counts.add(stream.fragments.length))
    const producer = new PutMediaClient(emulator.url)
    const clusters = Array.from({ length: 30 }, (_, index) =>
      cluster({ timestamp: index * 1000, blocks: [{ data: `frame-${index}-0` }] }),
    )
    await producer.write(document(info(), tracks(), ...clusters))
    await producer.end()
    assert.deepEqual(
      [...counts],
      Array.from({ length: 30 }, (_, index) => index + 1),
    )
    const body = await openMedia(mediaClient(emulator))
    const read = await readUntil(body, bytes => tagValues(bytes, 'CONTINUATION_TOKEN').length === 30)
    assert.equal(framesIn(read).length, 30)
    body.destroy()
  })
})
