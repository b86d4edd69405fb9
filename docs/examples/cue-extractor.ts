import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Cue, CueExtractor, MkvChunkDemuxer, TagExtractor } from 'getmedia'
import { block, element, ELEMENT_IDS as ID, master, simpleBlock, string, uint } from 'getmedia/mkv'

// A fragment of a camera that sends what it recognises as text.
const track = (number: number, type: number, codecId: string, name: string) =>
  master(
    ID.TrackEntry,
    uint(ID.TrackNumber, number),
    uint(ID.TrackUID, number),
    uint(ID.TrackType, type),
    string(ID.CodecID, codecId),
    string(ID.Name, name),
  )
const tag = (name: string, value: string) =>
  master(ID.SimpleTag, string(ID.TagName, name), string(ID.TagString, value))
const picture = (relativeTimestamp: number) =>
  simpleBlock({ track: 1, relativeTimestamp, keyframe: true, frames: [Buffer.from('a picture')] })
const plate = (relativeTimestamp: number, line: string) =>
  master(
    ID.BlockGroup,
    block({ track: 2, relativeTimestamp, frames: [Buffer.from(line)] }),
    uint(ID.BlockDuration, 1500),
  )
const fragment = Buffer.concat([
  master(ID.EBML, string(ID.DocType, 'matroska')),
  element(
    ID.Segment,
    Buffer.concat([
      master(ID.Tracks, track(1, 1, 'V_MJPEG', 'gate'), track(2, 17, 'S_TEXT/UTF8', 'plates')),
      master(ID.Tags, master(ID.Tag, tag('AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', '1767323045.000'))),
      master(ID.Cluster, uint(ID.Timestamp, 60_000), picture(0), plate(250, 'B <i>XY 123</i>'), picture(500)),
    ]),
  ),
])

const events = () => Readable.from([fragment]).pipe(new MkvChunkDemuxer()).pipe(new TagExtractor())
for await (const cue of events().pipe(new CueExtractor({ track: 'plates' }))) {
  const { wallClock, startMs, endMs, plainText } = cue as Cue
  console.log(`${wallClock?.toISOString()}, ${startMs} to ${endMs} ms: ${plainText}`)
}
console.log(await text(events().pipe(new CueExtractor({ format: 'webvtt' }))))
