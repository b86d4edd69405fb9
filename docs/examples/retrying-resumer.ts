import { pipeline } from 'node:stream'
import {
  type FragmentEvent,
  MkvChunkDemuxer,
  RetryingResumer,
  SignedGetMediaSource,
  TagExtractor,
} from 'getmedia'

// Any function that makes one attempt will do; here with Node's own pipeline.
const resumer = new RetryingResumer({
  startSelector: { type: 'EARLIEST' },
  until: 'caught-up',
  retry: { retries: 10, minTimeout: 100, maxTimeout: 2000 },
  attempt: (startSelector, { signal }) =>
    pipeline(
      new SignedGetMediaSource({ streamName: 'door', startSelector, signal, idleTimeoutMs: 5000 }),
      new MkvChunkDemuxer(),
      new TagExtractor(),
      () => {},
    ),
})
resumer.on('gap', gap => console.log('lost', gap.producerGapMs, 'ms'))

let last: FragmentEvent | undefined
for await (const event of resumer) last = event
console.log(`the last event is a ${last?.type}`)
