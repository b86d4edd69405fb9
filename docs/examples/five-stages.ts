import {
  joinStages,
  MkvChunkDemuxer,
  RetryingResumer,
  SignedGetMediaSource,
  TagExtractor,
  ThrottleGuard,
} from 'getmedia'

const resumer = new RetryingResumer({
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
  attempt: (startSelector, { signal }) =>
    joinStages(
      new SignedGetMediaSource({ streamName: 'door', startSelector, signal }),
      new ThrottleGuard(),
      new MkvChunkDemuxer(),
      new TagExtractor(),
    ),
})
resumer.on('retry', ({ error, delayMs }) => {
  if (error !== null) console.log(`${error.code}: again in ${delayMs} ms`)
})

let frames = 0
for await (const event of resumer) if (event.type === 'frame') frames++
console.log(`${frames} frames`)
