import { getMedia } from 'getmedia'
import { startEmulator } from 'getmedia/emulator'

const emulator = await startEmulator({ idleEndMs: 100, limits: 'off' })
await emulator.addStream({ name: 'garage', source: 'camera.mkv' })
emulator.faults('garage', [
  { type: 'cut-in-block', block: 40 },
  { type: 'throttle' },
  { type: 'error-tag', id: 5000 },
])

let frames = 0
const stream = getMedia({
  streamName: 'garage',
  controlEndpoint: emulator.url,
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
})
for await (const event of stream) if (event.type === 'frame') frames++
console.log(
  `${frames} frames in ${emulator.requests.filter(({ operation }) => operation === 'GetMedia').length} calls`,
)
await emulator.close()
