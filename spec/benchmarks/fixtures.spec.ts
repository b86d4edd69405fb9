import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { CLIP } from '../../benchmarks/fixtures/clip.ts'
import { cutBytes } from '../../benchmarks/fixtures/cut-bytes.ts'
import { FragmentTemplate, fragmentsBefore } from '../../benchmarks/fixtures/fragment-template.ts'
import { MEDIA_TITLES, type MediaName, mediaOf } from '../../benchmarks/fixtures/media.ts'
import { paddedCamera } from '../../benchmarks/fixtures/padded-camera.ts'
import { decodeMessages, eventsOf, packetsOf, readMkv, scratch } from '../outputs/media.ts'
import { requires } from '../support/requirements.ts'

describe('FragmentTemplate', () => {
  it('gives fragments of ascending numbers, tokens and times, all with the same frames', async () => {
    const template = new FragmentTemplate(mediaOf('call-1024', CLIP))
    const events = await eventsOf(template.payload(3))
    const starts = events.flatMap(event => (event.type === 'fragment-start' ? [event] : []))
    const ends = events.flatMap(event => (event.type === 'fragment-end' ? [event] : []))
    const numbers = starts.map(({ fragmentNumber }) => BigInt(fragmentNumber!))
    assert.deepEqual(
      numbers.map(number => number - numbers[0]!),
      [0n, 1n, 2n],
    )
    assert.deepEqual(
      ends.map(({ continuationToken }) => fragmentsBefore(continuationToken!)),
      [1, 2, 3],
    )
    assert.deepEqual(
      starts.map(({ producerTimestamp }) => Number(producerTimestamp) - 1_700_000_000_000),
      [0, 960, 1920],
    )
    assert.deepEqual(
      ends.map(({ frames }) => frames),
      [30, 30, 30],
    )
    const times = events.flatMap(event =>
      event.type === 'frame' && event.track === 1 ? [event.timestampMs] : [],
    )
    assert.deepEqual(
      times,
      times.map((_, index) => index * 64),
    )
  })

  for (const name of Object.keys(MEDIA_TITLES) as MediaName[]) {
    it(`counts the bytes and frames of ${name}`, async () => {
      const template = new FragmentTemplate(mediaOf(name, CLIP))
      const payload = template.payload(2)
      const frames = (await eventsOf(payload)).filter(({ type }) => type === 'frame')
      assert.equal(payload.length, 2 * template.bytes)
      assert.equal(frames.length, 2 * template.frames)
    })
  }
})

describe('cutBytes', () => {
  it('gives all bytes, in chunks of one size and a rest', async () => {
    const bytes = Buffer.from(Array.from({ length: 150_001 }, (_, index) => index % 251))
    for (const chunkBytes of [1024, 65_536, 100_000, 1_048_576]) {
      const chunks: Buffer[] = []
      // As `pipeline` reads: an iterator would join what waits.
      await once(
        cutBytes(bytes, chunkBytes).on('data', chunk => chunks.push(chunk)),
        'end',
      )
      assert.deepEqual(Buffer.concat(chunks), bytes)
      assert.equal(Math.max(...chunks.map(({ length }) => length)), Math.min(chunkBytes, bytes.length))
    }
  })
})

describe('paddedCamera', () => {
  it('gives pictures of the size asked for, and all of the clip as often as asked for', async () => {
    const { payload, plain, frames } = paddedCamera(CLIP, 20_000, 2)
    const pictures = (await eventsOf(payload)).flatMap(event => (event.type === 'frame' ? [event] : []))
    assert.equal(pictures.length, frames)
    const sizes = pictures.filter(({ track }) => track === 1).map(({ data }) => data.length)
    assert.equal(sizes.length, 2 * 320)
    assert.equal(Math.min(...sizes) > 19_500 && Math.max(...sizes) < 20_500, true)
    assert.equal(readMkv(plain).filter(({ type }) => type === 'frame').length, frames)
  })

  it('still decodes', requires('ffmpeg'), async () => {
    await using directory = await scratch()
    const { plain, frames } = paddedCamera(CLIP, 20_000, 2)
    const path = directory.file('plain.mkv')
    await writeFile(path, plain)
    assert.equal(await decodeMessages(path), '')
    assert.equal((await packetsOf(path)).packets.length, frames)
  })
})
