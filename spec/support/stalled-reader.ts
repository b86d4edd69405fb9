/** Reads an endless payload, stops for ten seconds, and prints how its memory grew. The service is in a process of its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { getMedia } from '../../lib/index.ts'

const STALL_MS = 10_000

const server = fork(fileURLToPath(new URL('endless-server.ts', import.meta.url)), {
  execArgv: ['--import', 'tsx'],
})
const [{ url }] = (await once(server, 'message')) as [{ url: string }]

async function sentBytes(): Promise<number> {
  server.send('sent?')
  const [{ sent }] = (await once(server, 'message')) as [{ sent: number }]
  return sent
}

function memoryBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

const stream = getMedia({
  streamName: 'endless',
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  endpoint: url,
  startSelector: { type: 'EARLIEST' },
})
let frames = 0
for await (const event of stream) {
  if (event.type === 'frame') frames++
  if (frames === 2000) {
    frames++
    const [memoryBefore, sentBefore] = [memoryBytes(), await sentBytes()]
    await new Promise(resolve => setTimeout(resolve, STALL_MS))
    const [memoryAfter, sentAfter] = [memoryBytes(), await sentBytes()]
    console.log(
      JSON.stringify({
        grownBytes: memoryAfter - memoryBefore,
        sentWhileStalledBytes: sentAfter - sentBefore,
      }),
    )
  }
  if (frames > 2001) break
}
server.kill()
