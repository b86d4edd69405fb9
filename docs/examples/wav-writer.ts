import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MkvChunkDemuxer, TagExtractor, type WavFileReport, WavWriter } from 'getmedia'
import { element, ELEMENT_IDS as ID, master, simpleBlock, string, uint } from 'getmedia/mkv'

// A call in the shape of Amazon Connect's: PCM that is marked A_AAC, and tags behind the frames.
const track = (number: number, name: string) =>
  master(
    ID.TrackEntry,
    uint(ID.TrackNumber, number),
    uint(ID.TrackUID, number),
    uint(ID.TrackType, 2),
    string(ID.CodecID, 'A_AAC'),
    string(ID.Name, name),
  )
const block = (track: number, relativeTimestamp: number) =>
  simpleBlock({ track, relativeTimestamp, keyframe: true, frames: [Buffer.alloc(1024, track)] })
const tag = (name: string, value: string) =>
  master(ID.Tags, master(ID.Tag, master(ID.SimpleTag, string(ID.TagName, name), string(ID.TagString, value))))
const call = Buffer.concat([
  master(ID.EBML, string(ID.DocType, 'matroska')),
  element(
    ID.Segment,
    Buffer.concat([
      master(ID.Tracks, track(1, 'AUDIO_TO_CUSTOMER'), track(2, 'AUDIO_FROM_CUSTOMER')),
      master(ID.Cluster, uint(ID.Timestamp, 60_000), block(1, 0), block(2, 20), block(1, 128), block(1, 192)),
      tag('MimeType', 'audio/L16;rate=8000;channels=1;'),
      tag('ContactId', '5c7e2d8a'),
    ]),
  ),
])

const calls = new WavWriter({ directory: 'calls', layout: 'stereo' })
calls.on('file', ({ path, samples, sampleRateHz, tracks }: WavFileReport) => {
  console.log(`${path}: ${(samples * 1000) / sampleRateHz} ms of ${tracks.join(' and ')}`)
})
await pipeline(Readable.from([call]), new MkvChunkDemuxer(), new TagExtractor(), calls)
