import { pipeline } from 'node:stream/promises'
import {
  type GetMediaOptions,
  getMedia,
  joinStages,
  type KeyframeSample,
  KeyframeSampler,
  type SnapshotReport,
  SnapshotWriter,
} from 'getmedia'

const door: GetMediaOptions = {
  streamName: 'door',
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
}

// Keyframes for a program of yours: what its decoder needs is in the sample.
const samples: AsyncIterable<KeyframeSample> = joinStages(
  getMedia(door),
  new KeyframeSampler({ everyMs: 5000 }),
)
for await (const { index, track, frame, timestampMs } of samples) {
  const { codecId, codecPrivate } = track
  console.log(
    `${index}: ${codecId} at ${timestampMs} ms, ${frame.data.length} + ${codecPrivate?.length} bytes`,
  )
}

// Pictures with their time, for which ffmpeg has to be installed.
const pictures = new SnapshotWriter({ directory: 'pictures', everyMs: 5000 })
pictures.on('file', ({ path, bytes }: SnapshotReport) => console.error(`${path}: ${bytes} bytes`))
await pipeline(getMedia(door), pictures).catch((error: Error) => console.error(error.message))
