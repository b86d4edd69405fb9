import assert from 'node:assert/strict'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { FragmentEvent } from '../../lib/index.ts'
import { HlsWriter } from '../../lib/outputs/hls/hls-writer.ts'
import { Mp4FileSink } from '../../lib/outputs/mp4/mp4-file-sink.ts'
import { Camera } from './camera.ts'
import { startHlsSite } from './hls-site.ts'
import { judgePlayback } from './judge-playback.ts'
import { inAStudio, type Studio, studioOf } from './studio.ts'
import { startWebServer } from './web-server.ts'

/** What was written, through broken sessions, of pictures that are sent in another order than they are shown in. */

describe('what a camera sent plays later, in its order and where one seeks', inAStudio, () => {
  const studio = studioOf({ bFrames: 2 })

  it('as a directory of HlsWriter, in a page with hls.js', async () => {
    await using camera = await Camera.start(studio.clip, { hasSent: true })
    const directory = studio.file('recorded')
    await pipeline(camera.events(), new HlsWriter({ directory, segmentMs: 2000 }))
    assert.equal(camera.breaks, 3)
    await using site = await startHlsSite(directory)
    const page = await studio.open(site.url)
    await page.playAt(2)
    await page.ended()
    await judgePlayback(page)
  })

  it('as a file of Mp4FileSink, in a page with nothing but the file', async () => {
    await using camera = await Camera.start(studio.clip, { hasSent: true })
    await judgeFile(studio, camera, camera.events(), 'door.mp4')
  })
})

// One after the other: the pictures of a page come late where the browser plays several.
describe('what a camera sent without a key flag plays later', { ...inAStudio, concurrency: false }, () => {
  const studio = studioOf({ bFrames: 2 })

  it('as a file of Mp4FileSink, though no frame of it is flagged as a keyframe', async () => {
    await using camera = await Camera.start(studio.clip, { hasSent: true })
    await judgeFile(studio, camera, withoutKeyFlags(camera.events()), 'flagless.mp4')
  })

  it('as a directory of HlsWriter, though no frame of it is flagged as a keyframe', async () => {
    await using camera = await Camera.start(studio.clip, { hasSent: true })
    const directory = studio.file('flagless')
    await pipeline(withoutKeyFlags(camera.events()), new HlsWriter({ directory, segmentMs: 2000 }))
    await using site = await startHlsSite(directory)
    const page = await studio.open(site.url)
    await page.playAt(2)
    await page.ended()
    await judgePlayback(page)
  })
})

/** Writes the events to a file, and judges how a page with nothing but the file plays it. */
async function judgeFile(
  studio: Studio,
  camera: Camera,
  events: AsyncIterable<FragmentEvent>,
  name: string,
): Promise<void> {
  const path = studio.file(name)
  await pipeline(events, new Mp4FileSink({ path }))
  assert.equal(camera.breaks, 3)
  const html = `<!doctype html><link rel="icon" href="data:,"><video src="${name}" autoplay muted></video>`
  await using site = await startWebServer(path => {
    if (path === '/') return html
    return path === `/${name}` ? pathToFileURL(studio.file(name)) : undefined
  })
  const page = await studio.open(site.url)
  await page.playAt(2)
  await page.ended()
  await judgePlayback(page)
}

/** As muxers send it that flag nothing. */
async function* withoutKeyFlags(events: AsyncIterable<FragmentEvent>): AsyncGenerator<FragmentEvent> {
  for await (const event of events) {
    yield event.type === 'frame' ? { ...event, wallClock: event.wallClock, keyframe: false } : event
  }
}
