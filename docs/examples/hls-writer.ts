import { pipeline } from 'node:stream/promises'
import { getMedia, type HlsPlaylistReport, type HlsSegmentReport, HlsWriter } from 'getmedia'

const hls = new HlsWriter({ directory: 'public/yard', windowSegments: 6 })
hls.on('segment', ({ path, durationMs }: HlsSegmentReport) => console.log(`${path}: ${durationMs} ms`))
hls.on('playlist', ({ path, segments, ended }: HlsPlaylistReport) => {
  if (ended) console.log(`${path}: ${segments} segments`)
})
await pipeline(getMedia({ streamName: 'door', startSelector: { type: 'EARLIEST' }, until: 'caught-up' }), hls)
