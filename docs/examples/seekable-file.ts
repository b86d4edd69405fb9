import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { MkvChunkDemuxer } from 'getmedia'
import type { SeekableBytes } from 'getmedia/mkv'

const file = openSync('camera.mkv', 'r')
const seekable: SeekableBytes = {
  size: fstatSync(file).size,
  read(byteOffset, length) {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, byteOffset))
  },
}
let frames = 0
for await (const event of createReadStream('camera.mkv').pipe(new MkvChunkDemuxer({ seekable }))) {
  if (event.type === 'frame') frames++
}
closeSync(file)
console.log(`${frames} frames`)
