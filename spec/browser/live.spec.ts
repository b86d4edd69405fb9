import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { HlsWriter } from '../../lib/outputs/hls/hls-writer.ts'
import { type Mp4HeaderEvent, Mp4Remuxer } from '../../lib/outputs/mp4/mp4-remuxer.ts'
import { Camera } from './camera.ts'
import { startHlsSite } from './hls-site.ts'
import { judgeOnePiece, judgePlayback } from './judge-playback.ts'
import { PICTURES, SECOND_NUMBERS, SECONDS, secondOf } from './numbered-clip.ts'
import { pageOfExample } from './page-of-example.ts'
import { inAStudio, studioOf } from './studio.ts'
import { startWebServer, type WebServer } from './web-server.ts'

/** The examples' pages, in a browser that nobody here wrote, while a camera sends and its sessions break. */

/** The example's server, but for where its camera is. */
async function startLiveSite(send: (response: ServerResponse) => Promise<void>): Promise<WebServer> {
  const page = await pageOfExample('browser-live.ts')
  return await startWebServer(path => {
    if (path === '/') return page
    return path === '/live.mp4' ? (_request, response) => send(response) : undefined
  })
}

async function sendLive(camera: Camera, response: ServerResponse): Promise<void> {
  const mp4 = new Mp4Remuxer()
  mp4.once('header', ({ mimeType }: Mp4HeaderEvent) => response.setHeader('content-type', mimeType))
  await pipeline(camera.events(), mp4, response)
}

describe('a camera whose sessions break plays live', inAStudio, () => {
  const studio = studioOf()

  it('in a page with Media Source Extensions', async () => {
    await using camera = await Camera.start(studio.clip)
    await using site = await startLiveSite(async response => {
      await camera.send()
      await sendLive(camera, response)
    })
    const page = await studio.open(site.url)
    await page.ended()
    assert.equal(camera.breaks, 3)
    await judgePlayback(page)
  })

  it('in a page with Media Source Extensions, past the moment when the camera begins anew', async () => {
    await using camera = await Camera.start(studio.clip, { times: 2 })
    await using site = await startLiveSite(async response => {
      await camera.send({ speed: 2 })
      await sendLive(camera, response)
    })
    const page = await studio.open(site.url)
    await page.playAt(2)
    await page.ended()
    assert.equal(camera.breaks, 3)
    await judgeOnePiece(page, 2 * SECONDS)
    assert.ok((await page.decodedPictures()) === 2 * PICTURES, `${await page.decodedPictures()} were decoded`)
    const seconds = (await page.pictures()).map(({ number }) => secondOf(number))
    assert.deepEqual(
      seconds.filter((second, index) => second !== seconds[index - 1]),
      [...SECOND_NUMBERS, ...SECOND_NUMBERS],
    )
    assert.deepEqual(page.complaints, [])
  })

  it('to who is far behind: the page goes on with what is new, and lets go of what is old', async () => {
    await using camera = await Camera.start(studio.clip, { times: 15, hasSent: true })
    await using site = await startLiveSite(response => sendLive(camera, response))
    const page = await studio.open(site.url)
    await page.ended()
    const [start, end] = await judgeOnePiece(page, 15 * SECONDS)
    assert.ok(end - start < 75, `${end - start} s are kept`)
    assert.deepEqual(page.complaints, [])
  })

  it('in a page with hls.js', async () => {
    await using camera = await Camera.start(studio.clip)
    const directory = studio.file('live')
    const hls = new HlsWriter({ directory, segmentMs: 1000, windowSegments: 4 })
    let written: Promise<void> | undefined
    await using site = await startHlsSite(directory, async () => {
      await camera.send()
      // A playlist that moves on while a busy machine has no time for its page would be an outage of the machine.
      const isWanted = (fragment: number) => site.asked(fragment - 2)
      written = pipeline(camera.events(isWanted), hls)
      await once(hls, 'playlist')
    })
    const page = await studio.open(site.url)
    await page.ended()
    await written
    assert.equal(camera.breaks, 3)
    await judgePlayback(page)
  })
})
