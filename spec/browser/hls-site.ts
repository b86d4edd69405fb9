import { EventEmitter, once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { pageOfExample } from './page-of-example.ts'
import { startWebServer, type WebServer } from './web-server.ts'

export type HlsSite = WebServer & {
  /** Resolves when the page has asked for the segment of that number, or for a later one. */
  asked(segment: number): Promise<void>
}

/**
 * The example's page with hls.js, and the files of `directory` under `/door/`. `begin` is called when the page is there and
 * asks for the first of them, which it is given afterwards.
 */
export async function startHlsSite(
  directory: string,
  begin: () => Promise<void> = async () => {},
): Promise<HlsSite> {
  const page = await pageOfExample('browser-hls.ts')
  const requests = new EventEmitter()
  let latest = 0
  let begun: Promise<void> | undefined
  const server = await startWebServer(async path => {
    if (path === '/') return page
    if (path === '/hls.mjs') return new URL(import.meta.resolve('hls.js'))
    if (!path.startsWith('/door/')) return undefined
    begun ??= begin()
    await begun
    latest = Math.max(latest, Number(/segment-(\d+)/.exec(path)?.[1] ?? 0))
    requests.emit('request')
    return pathToFileURL(path.replace('/door', directory))
  })
  return {
    ...server,
    async asked(segment) {
      while (latest < segment) await once(requests, 'request')
    },
  }
}
