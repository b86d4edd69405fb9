/**
 * A GetMedia whose frames carry the time of their own last byte: the first 8 bytes of each are `process.hrtime` in
 * nanoseconds, taken right before the write that holds the whole frame. All processes of a machine share that clock.
 * `/getMedia` sends Matroska, `/records` the bare frames one after the other.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { frame } from '../../spec/support/mkv-builder.ts'
import { FragmentTemplate } from '../fixtures/fragment-template.ts'

export type StampedServiceParams = {
  readonly frameBytes: number
  readonly framesPerSecond: number
}

const FRAMES_PER_FRAGMENT = 250
/** How often due frames are sent. */
const TICK_MS = 1

export async function serve({
  frameBytes,
  framesPerSecond,
}: StampedServiceParams): Promise<{ readonly url: string }> {
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
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Bytes of the next frame, and where in them the stamp belongs. */
type Frames = () => { readonly bytes: Buffer; readonly stampAt: number }

function bareFrames(record: Buffer): Frames {
  return () => ({ bytes: Buffer.from(record), stampAt: 0 })
}

function matroskaFrames(block: Buffer, frameBytes: number, template: FragmentTemplate): Frames {
  let frames = 0
  let trailer = Buffer.alloc(0)
  return () => {
    const parts: Buffer[] = []
    if (frames % FRAMES_PER_FRAGMENT === 0) {
      const [head, body, end] = template.parts(frames / FRAMES_PER_FRAGMENT)
      parts.push(trailer, head)
      trailer = Buffer.concat([body, end])
    }
    parts.push(block)
    frames++
    const bytes = Buffer.concat(parts)
    return { bytes, stampAt: bytes.length - frameBytes }
  }
}

function sendEvenly(response: ServerResponse, framesPerSecond: number, next: Frames): void {
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * framesPerSecond)
    if (due <= sent) return
    if (response.writableNeedDrain) {
      // Nobody waits for what a slow client missed: it would be late by the server's doing.
      sent = due
      return
    }
    const frames = Array.from({ length: Math.min(due - sent, 100) }, next)
    sent = due
    const stamp = process.hrtime.bigint()
    for (const { bytes, stampAt } of frames) bytes.writeBigUInt64LE(stamp, stampAt)
    response.write(Buffer.concat(frames.map(({ bytes }) => bytes)))
  }, TICK_MS)
  response.on('close', () => clearInterval(timer))
}
