import { getMedia } from 'getmedia'

const stream = getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' }, until: 'caught-up' })
let keyframes = 0
for await (const event of stream) {
  if (event.type === 'frame' && event.keyframe && event.track === 1) keyframes++
  if (event.type === 'fragment-end') console.log(`a fragment of ${event.frames} frames`)
}
console.log(`${keyframes} keyframes of video`)
