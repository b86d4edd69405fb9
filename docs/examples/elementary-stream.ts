import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ElementaryStream, type ElementaryTrackEvent, MkvChunkDemuxer, TagExtractor } from 'getmedia'

// node this-file.ts | ffplay -f h264 -
const video = new ElementaryStream()
video.on('track', ({ track, format }: ElementaryTrackEvent) => {
  console.error(`${format}: ${track.codecId}, ${track.video?.pixelWidth}x${track.video?.pixelHeight}`)
})

// A player that is closed ends the pipe: an end, and no failure. The last write may fail after the pipeline is done.
const unlessReaderGone = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
}
process.stdout.on('error', unlessReaderGone)
const payload = createReadStream('camera.mkv')
await pipeline(payload, new MkvChunkDemuxer(), new TagExtractor(), video, process.stdout).catch(
  unlessReaderGone,
)
