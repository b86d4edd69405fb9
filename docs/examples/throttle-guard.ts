import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ThrottleGuard } from 'getmedia'

const guard = new ThrottleGuard({ paceBytesPerSecond: 2_000_000 })
const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() })
await pipeline(createReadStream('camera.mkv'), guard, sink)
const { bytes, averageBytesPerSecond } = guard.metrics
console.log(`${bytes} bytes, ${averageBytesPerSecond < 2_500_000 ? 'held to the pace' : 'too fast'}`)
