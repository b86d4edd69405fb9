import type { GetMediaOptions } from '../../lib/index.ts'

/** `getMedia` of a stream of the payload service, from its start. */
export function sessionOptions(url: string, streamName = 'door'): GetMediaOptions {
  return {
    streamName,
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    startSelector: { type: 'EARLIEST' },
    // No waiting before a retry.
    random: () => 0,
  }
}
