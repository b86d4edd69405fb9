import { GetDataEndpointCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { GetMediaCommand, KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { type FragmentEvent, MkvChunkDemuxer, TagExtractor, ThrottleGuard } from 'getmedia'

const StreamName = 'door'
const { DataEndpoint } = await new KinesisVideoClient().send(
  new GetDataEndpointCommand({ APIName: 'GET_MEDIA', StreamName }),
)
const client = new KinesisVideoMediaClient({ endpoint: DataEndpoint ?? '' })
const permit = await ThrottleGuard.admit({ streamName: StreamName })
try {
  const { Payload } = await client.send(
    new GetMediaCommand({ StreamName, StartSelector: { StartSelectorType: 'EARLIEST' } }),
  )
  // The SDK's payload is a Node stream, and takes the place of SignedGetMediaSource.
  const payload = Payload as unknown as import('node:http').IncomingMessage
  const events: AsyncIterable<FragmentEvent> = payload
    .pipe(new ThrottleGuard())
    .pipe(new MkvChunkDemuxer())
    .pipe(new TagExtractor())
  let frames = 0
  for await (const event of events) if (event.type === 'frame') frames++
  console.log(`${frames} frames by the official client`)
} finally {
  permit.release()
}
