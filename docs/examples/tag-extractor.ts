import { type FragmentEvent, MkvChunkDemuxer, SignedGetMediaSource, TagExtractor } from 'getmedia'

const source = new SignedGetMediaSource({ streamName: 'door', startSelector: { type: 'EARLIEST' } })
const events: AsyncIterable<FragmentEvent> = source.pipe(new MkvChunkDemuxer()).pipe(new TagExtractor())
for await (const event of events) {
  if (event.type === 'fragment-start') {
    const [video] = event.tracks
    if (video?.codec.kind === 'h264')
      console.log(video.name, video.codec.codecString, event.producerTimestamp instanceof Date)
  }
  if (event.type === 'fragment-end') {
    console.log(event.continuationToken === event.fragmentNumber, event.tags.ENCODER)
    break
  }
}
