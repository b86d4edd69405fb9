/**
 * A GetMedia that breaks every connection: a session brings two fragments and half of the next at once, and is cut a
 * little later. `GET /cuts` tells when each was, by `process.hrtime` in nanoseconds.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FragmentTemplate, fragmentsBefore } from '../fixtures/fragment-template.ts'
import { mediaOf } from '../fixtures/media.ts'
import { tokenOf } from './start-token.ts'

export type CuttingServiceParams = { readonly clip: string; readonly cutAfterMs: number }
export type CuttingServiceReady = { readonly url: string; readonly bytesPerFragment: number }

export async function serve({ clip, cutAfterMs }: CuttingServiceParams): Promise<CuttingServiceReady> {
  const template = new FragmentTemplate(mediaOf('video-8k', clip))
  const cuts: string[] = []

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/cuts') {
      response.end(JSON.stringify(cuts.splice(0)))
      return
    }
    const next = fragmentsBefore(await tokenOf(request))
    response.on('error', () => {})
    response.writeHead(200, { 'content-type': 'video/webm' })
    const [head, body] = template.parts(next + 2)
    const half = body.subarray(0, body.length / 2)
    response.write(Buffer.concat([...template.parts(next), ...template.parts(next + 1), head, half]))
    const timer = setTimeout(() => {
      cuts.push(String(process.hrtime.bigint()))
      response.socket?.destroy()
    }, cutAfterMs)
    response.on('close', () => clearTimeout(timer))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, bytesPerFragment: template.bytes }
}
