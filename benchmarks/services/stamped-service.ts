/**
 * A GetMedia whose frames carry the time of their own last byte: the first 8 bytes of each are `process.hrtime` in
 * nanoseconds, taken right before the write that holds the whole frame. All processes of a machine share that clock.
 * `/getMedia` sends Matroska, `/records` the bare frames one after the other; so does a socket without HTTP.
 */
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net'
import type { Writable } from 'node:stream'
import { frame } from '../../spec/support/mkv-builder.ts'
import { FragmentTemplate } from '../fixtures/fragment-template.ts'

export type StampedServiceParams = {
  readonly frameBytes: number
  readonly framesPerSecond: number
}

export type StampedServiceReady = {
  readonly url: string
  /** Of the bare socket. */
  readonly port: number
}

const FRAMES_PER_FRAGMENT = 250
/** How often due frames are sent. */
const TICK_MS = 1

export async function serve({
  frameBytes,
  framesPerSecond,
}: StampedServiceParams): Promise<StampedServiceReady> {
  const record = Buffer.alloc(frameBytes, 7)
  const block = frame({ data: record, sizeWidth: 8, keyframe: true })
  const template = new FragmentTemplate({
    ticks: FRAMES_PER_FRAGMENT * 4,
    unknownClusterSize: true,
    frames: [],
  })
  const server = createServer((request, response) => {
    request.resume()
    response.on('error', () => {})
    response.writeHead(200, { 'content-type': 'video/webm' })
    response.flushHeaders()
    const frames =
      request.url === '/records' ? bareFrames(record) : matroskaFrames(block, frameBytes, template)
    sendEvenly(response, framesPerSecond, frames)
  })
  const sockets = createSocketServer({ noDelay: true }, socket => {
    socket.on('error', () => {})
    sendEvenly(socket, framesPerSecond, bareFrames(record))
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, port: await listen(sockets) }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Bytes of the next frame, and where in them the stamp belongs. */
type Frames = () => { readonly bytes: Buffer; readonly stampAt: number }

function bareFrames(record: Buffer): Frames {
  const next = ringOf(record)
  return () => ({ bytes: next(), stampAt: 0 })
}

/** So many frames are on their way at most. */
const RING_FRAMES = 1024

/** Copies that are used again and again: a service that made garbage would stop now and then to collect it. */
function ringOf(bytes: Buffer): () => Buffer {
  const copies = Array.from({ length: RING_FRAMES }, () => Buffer.from(bytes))
  let next = 0
  return () => copies[next++ % RING_FRAMES]!
}

function matroskaFrames(block: Buffer, frameBytes: number, template: FragmentTemplate): Frames {
  const next = ringOf(block)
  let frames = 0
  let trailer = Buffer.alloc(0)
  return () => {
    let bytes = next()
    if (frames % FRAMES_PER_FRAGMENT === 0) {
      const [head, body, end] = template.parts(frames / FRAMES_PER_FRAGMENT)
      bytes = Buffer.concat([trailer, head, bytes])
      trailer = Buffer.concat([body, end])
    }
    frames++
    return { bytes, stampAt: bytes.length - frameBytes }
  }
}

function sendEvenly(target: Writable, framesPerSecond: number, next: Frames): void {
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * framesPerSecond)
    if (due <= sent) return
    if (target.writableNeedDrain) {
      // Nobody waits for what a slow client missed: it would be late by the server's doing.
      sent = due
      return
    }
    const frames = Array.from({ length: Math.min(due - sent, 100) }, next)
    sent = due
    const stamp = process.hrtime.bigint()
    for (const { bytes, stampAt } of frames) bytes.writeBigUInt64LE(stamp, stampAt)
    target.cork()
    for (const { bytes } of frames) target.write(bytes)
    target.uncork()
  }, TICK_MS)
  target.on('close', () => clearInterval(timer))
}
