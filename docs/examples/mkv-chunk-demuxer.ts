import { createReadStream } from 'node:fs'
import { MkvChunkDemuxer, type MkvEvent } from 'getmedia'

const events: AsyncIterable<MkvEvent> = createReadStream('camera.mkv').pipe(new MkvChunkDemuxer())
const sizes = new Map<number, number>()
for await (const event of events) {
  if (event.type === 'tracks')
    for (const { number, codecId } of event.tracks) console.log(`track ${number}: ${codecId}`)
  if (event.type === 'frame') sizes.set(event.track, (sizes.get(event.track) ?? 0) + event.data.length)
}
console.log(sizes)
