import assert from 'node:assert/strict'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { HlsWriter } from '../../lib/outputs/hls-writer.ts'
import { Mp4FileSink } from '../../lib/outputs/mp4-file-sink.ts'
import { Camera } from './camera.ts'
import { startHlsSite } from './hls-site.ts'
import { judgePlayback } from './judge-playback.ts'
import { inAStudio, studioOf } from './studio.ts'
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
    const path = studio.file('door.mp4')
    await pipeline(camera.events(), new Mp4FileSink({ path }))
    assert.equal(camera.breaks, 3)
    const html = '<!doctype html><link rel="icon" href="data:,"><video src="door.mp4" autoplay muted></video>'
    await using site = await startWebServer(name => {
      if (name === '/') return html
      return name === '/door.mp4' ? pathToFileURL(path) : undefined
    })
    const page = await studio.open(site.url)
    await page.playAt(2)
    await page.ended()
    await judgePlayback(page)
  })
})
