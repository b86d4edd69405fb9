import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'

/** What answers a request: a text is a page, a `URL` is a file. */
export type Route = string | URL | ((request: IncomingMessage, response: ServerResponse) => Promise<void>)

export type WebServer = AsyncDisposable & { readonly url: string }

const TYPES: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.mjs': 'text/javascript',
}

/** A web server on loopback. `routeOf` gives `undefined` for what is not there. */
export async function startWebServer(
  routeOf: (path: string) => Route | undefined | Promise<Route | undefined>,
): Promise<WebServer> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') console.error(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(404).end()
    })
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = await routeOf(request.url ?? '')
    if (route === undefined) response.writeHead(404).end()
    else if (typeof route === 'string') response.setHeader('content-type', 'text/html').end(route)
    else if (typeof route === 'function') await route(request, response)
    else await sendFile(route, request, response)
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

/** All of a file, or the one range that is asked for (RFC 9110, section 14): a video seeks by it. */
async function sendFile(file: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { size } = await stat(file)
  response.setHeader('content-type', TYPES[extname(file.pathname)] ?? 'application/octet-stream')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('accept-ranges', 'bytes')
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const start = Number(from ?? 0)
  const end = to ? Math.min(Number(to), size - 1) : size - 1
  if (from !== undefined) {
    response.statusCode = start < size ? 206 : 416
    response.setHeader('content-range', `bytes ${start < size ? `${start}-${end}` : '*'}/${size}`)
  }
  if (start >= size) response.end()
  else createReadStream(file, { start, end }).pipe(response)
}
