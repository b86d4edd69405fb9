/**
 * A GetMedia that answers with fragments as fast as they are taken, or at a rate: leaner than the emulator, so that the
 * client is what is measured. A session begins where its StartSelector says, and any stream is there.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { FragmentTemplate, fragmentsBefore } from '../fixtures/fragment-template.ts'
import { mediaOf } from '../fixtures/media.ts'
import { cpuMs } from '../harness/cpu.ts'
import { PacedWriters } from './paced-writers.ts'
import type { PayloadServiceParams, PayloadServiceReady, ServiceLoad } from './payload-service-params.ts'
import { tokenOf } from './start-token.ts'

/** `GET /sent` tells its load so far: `ServiceLoad`. */
export async function serve(params: PayloadServiceParams): Promise<PayloadServiceReady> {
  const template = new FragmentTemplate(mediaOf(params.media, params.clip))
  const { fragments = Number.POSITIVE_INFINITY, bytesPerSecond } = params
  const paced = bytesPerSecond === undefined ? undefined : new PacedWriters(bytesPerSecond)
  let sentBytes = 0

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/sent') {
      response.end(JSON.stringify({ sentBytes, cpuMs: cpuMs() } satisfies ServiceLoad))
      return
    }
    let next = fragmentsBefore(await tokenOf(request))
    const pieces = (): Buffer[] => (next < fragments ? template.parts(next++) : [])
    const onSent = (bytes: number): void => {
      sentBytes += bytes
    }
    response.on('error', () => {})
    response.writeHead(200, { 'content-type': 'video/webm' })
    response.flushHeaders()
    if (paced === undefined) sendUnpaced(response, pieces, onSent)
    else paced.add(response, pieces, onSent)
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy())
  }
  const server = serverOf(params, onRequest)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: params.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    bytesPerFragment: template.bytes,
    framesPerFragment: template.frames,
  }
}

/** So much is handed to a socket before it waits for the client. */
const SOCKET_BYTES = 524_288

function serverOf(
  { tls }: PayloadServiceParams,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const options = { highWaterMark: SOCKET_BYTES }
  if (tls === undefined) return createServer(options, onRequest)
  return createTlsServer({ ...options, key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, onRequest)
}

function sendUnpaced(
  response: ServerResponse,
  pieces: () => readonly Buffer[],
  onSent: (bytes: number) => void,
): void {
  const send = (): void => {
    while (!response.destroyed) {
      const parts = pieces()
      if (parts.length === 0) return void response.end()
      response.cork()
      let isOpen = true
      for (const part of parts) {
        onSent(part.length)
        isOpen = response.write(part)
      }
      response.uncork()
      if (!isOpen) return void response.once('drain', send)
    }
  }
  send()
}
