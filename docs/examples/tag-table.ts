import { createInterface } from 'node:readline'
import { getMedia, TagTable } from 'getmedia'

const stream = getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' }, until: 'caught-up' })
for await (const line of createInterface({ input: stream.pipe(new TagTable()) })) {
  const { frames, bytes, endedBy, tags } = JSON.parse(line)
  console.log(`${frames} frames, ${bytes} bytes, ended by ${endedBy}, encoded by ${tags.ENCODER}`)
}
