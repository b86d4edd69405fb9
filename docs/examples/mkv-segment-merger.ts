import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type GetMediaOptions, getMedia, type MkvFileReport, MkvFileSink, MkvSegmentMerger } from 'getmedia'

const door: GetMediaOptions = {
  streamName: 'door',
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
}

// To a pipe, a socket, or anything else that cannot seek.
await pipeline(getMedia(door), new MkvSegmentMerger(), createWriteStream('pipe.mkv'))

// To files, each of which begins with a keyframe and has cues and a duration.
const files = new MkvFileSink({ path: 'door-{index}.mkv', rotate: { everyMs: 5000 } })
files.on('file', ({ path, durationMs, frames, reason }: MkvFileReport) => {
  console.log(`${path}: ${durationMs} ms, ${frames} frames, ${reason}`)
})
await pipeline(getMedia(door), files)
