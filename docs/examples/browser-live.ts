import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { type GetMediaOptions, getMedia, type Mp4HeaderEvent, Mp4Remuxer } from 'getmedia'

// For a camera that goes on: { streamName: 'door' }. This is all that it has sent, and then the end.
const camera: GetMediaOptions = {
  streamName: 'door',
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
}

const page = `<!doctype html>
<meta charset="utf-8">
<title>door</title>
<link rel="icon" href="data:,">
<video autoplay muted controls></video>
<script type="module">
  const video = document.querySelector('video')
  const media = new MediaSource()
  video.src = URL.createObjectURL(media)
  const told = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, { once: true }))
  await told(media, 'sourceopen')

  const response = await fetch('live.mp4')
  const source = media.addSourceBuffer(response.headers.get('content-type'))
  const reader = response.body.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    source.appendBuffer(value)
    await told(source, 'updateend')
    // What was seen a minute ago is let go; who fell far behind, by a paused tab or a slow line, goes on with what is new.
    const end = source.buffered.length > 0 ? source.buffered.end(source.buffered.length - 1) : 0
    if (end - video.currentTime > 15) video.currentTime = end - 1
    if (video.currentTime > 90) {
      source.remove(0, video.currentTime - 60)
      await told(source, 'updateend')
    }
  }
  media.endOfStream()
</script>
`

async function sendLive(response: ServerResponse): Promise<void> {
  const mp4 = new Mp4Remuxer()
  // It comes ahead of the first bytes, and so before the head of the response is sent.
  mp4.once('header', ({ mimeType }: Mp4HeaderEvent) => response.setHeader('content-type', mimeType))
  await pipeline(getMedia(camera), mp4, response)
}

const server = createServer((request, response) => {
  // A viewer who leaves is such an error, and ends that viewer's session.
  if (request.url === '/live.mp4') sendLive(response).catch(({ message }) => console.error(message))
  else response.setHeader('content-type', 'text/html').end(page)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
console.error(`${url} is the page`)

// The first viewer; without these lines the server goes on.
const live = await fetch(`${url}live.mp4`)
const fragments = (await live.text()).split('moof').length - 1
console.log(`${live.headers.get('content-type')}, ${fragments} movie fragments`)
server.close()
