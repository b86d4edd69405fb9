import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { getMedia, HlsWriter } from 'getmedia'

const page = `<!doctype html>
<meta charset="utf-8">
<title>door</title>
<link rel="icon" href="data:,">
<video autoplay muted controls></video>
<script type="module">
  import Hls from './hls.mjs'
  const video = document.querySelector('video')
  if (Hls.isSupported()) {
    const hls = new Hls()
    hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
      if (!fatal) return
      // Also where the camera has sent nothing yet.
      console.warn(details)
      setTimeout(() => hls.loadSource('door/index.m3u8'), 1000)
    })
    hls.loadSource('door/index.m3u8')
    hls.attachMedia(video)
  } else {
    // Safari plays it by itself.
    video.src = 'door/index.m3u8'
  }
</script>
`

const types: Record<string, string> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.mjs': 'text/javascript',
}

/** Where a name of a URL lies: the files of the writer, and hls.js, by `npm install hls.js`; nothing else. */
function fileOf(url = ''): string | undefined {
  if (url === '/hls.mjs') return fileURLToPath(import.meta.resolve('hls.js'))
  return /^\/door\/[\w-]+\.(m3u8|m4s|mp4)$/.test(url) ? join('public', url) : undefined
}

const server = createServer((request, response) => {
  const path = fileOf(request.url)
  if (path === undefined) {
    response.setHeader('content-type', 'text/html').end(page)
    return
  }
  response.setHeader('content-type', types[extname(path)] ?? '')
  if (path.endsWith('.m3u8')) response.setHeader('cache-control', 'no-store')
  const file = createReadStream(path)
  file.on('error', () => response.writeHead(404).end())
  file.pipe(response)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
console.error(`${url} is the page`)

// For a camera that goes on: getMedia({ streamName: 'door' }), and `windowSegments: 6`.
const camera = getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' }, until: 'caught-up' })
await pipeline(camera, new HlsWriter({ directory: 'public/door', segmentMs: 2000 }))

// The first viewer; without these lines the server goes on.
const playlist = await fetch(`${url}door/index.m3u8`)
const segments = (await playlist.text()).match(/segment.*/g) ?? []
console.log(`${playlist.headers.get('content-type')}: ${segments.length} segments`)
server.close()
