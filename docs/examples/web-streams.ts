import { Readable, Transform } from 'node:stream'
import { type FragmentEvent, getMedia } from 'getmedia'

const sizes = new Transform({
  objectMode: true,
  transform(event: FragmentEvent, _encoding, callback) {
    callback(null, event.type === 'frame' ? event.data.length : 0)
  },
})
const stream = getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' }, until: 'caught-up' })
let bytes = 0
for await (const size of Readable.toWeb(stream.pipe(sizes))) bytes += size
console.log(`${bytes} bytes of frames`)
