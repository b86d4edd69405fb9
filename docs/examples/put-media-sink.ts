import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Acknowledgement, PutMediaSink } from 'getmedia'

const sink = new PutMediaSink({ streamName: 'door', fragmentTimecodeType: 'RELATIVE' })
const stored: number[] = []
sink.on('ack', ({ type, fragmentTimecodeMs }: Acknowledgement) => {
  if (type === 'PERSISTED' && fragmentTimecodeMs !== null) stored.push(fragmentTimecodeMs)
})
await pipeline(createReadStream('camera.mkv'), sink)
console.log(`${stored.length} fragments are stored, the last one of ${stored.at(-1)} ms`)
