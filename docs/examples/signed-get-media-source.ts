import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { SignedGetMediaSource } from 'getmedia'

const source = new SignedGetMediaSource({ streamName: 'door', startSelector: { type: 'EARLIEST' } })
source.on('response', ({ contentType, statusCode }) => console.log(statusCode, contentType))
const file = createWriteStream('payload.mkv')
await pipeline(source, file)
console.log(`${file.bytesWritten > 250_000 ? 'the payload' : 'too little'} is saved`)
