import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import {
  type GetMediaOptions,
  getMedia,
  type Mp4FileReport,
  Mp4FileSink,
  type Mp4HeaderEvent,
  Mp4Remuxer,
} from 'getmedia'

const door: GetMediaOptions = {
  streamName: 'door',
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
}

// To a browser, a pipe, or a file that plays while it grows.
const live = new Mp4Remuxer()
live.on('header', ({ mimeType }: Mp4HeaderEvent) => console.log(mimeType))
await pipeline(getMedia(door), live, createWriteStream('live.mp4'))

// To files that people keep.
const files = new Mp4FileSink({ path: 'door-{index}.mp4', rotate: { everyMs: 5000 } })
files.on('file', ({ path, durationMs, frames, reason }: Mp4FileReport) => {
  console.log(`${path}: ${durationMs} ms, ${frames} frames, ${reason}`)
})
await pipeline(getMedia(door), files)
