/** A child process that answers GetMedia with fragments without end, as fast as they are taken. */

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fragment } from './mkv-builder.ts'

const FRAMES_PER_FRAGMENT = 50
const frames = Array.from({ length: FRAMES_PER_FRAGMENT }, (_, index) => ({
  at: index * 40,
  keyframe: index === 0,
  data: randomBytes(20_000),
}))
let sent = 0

const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'video/webm' })
  let number = 1
  const send = (): void => {
    while (!response.destroyed) {
      const bytes = fragment({ number: String(number), timestamp: number * 2000, frames, producer: 'pic' })
      number++
      sent += bytes.length
      if (response.write(bytes)) continue
      response.once('drain', send)
      return
    }
  }
  send()
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.on('message', () => process.send?.({ sent }))
