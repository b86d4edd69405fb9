import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { flow } from '../fixtures/flow.ts'
import { demuxer } from './demuxers.ts'
import { sessionOptions } from './session-options.ts'

export type ClientName =
  | 'getmedia'
  | 'got'
  | 'node:http'
  | 'undici'
  | 'SDK'
  | 'SDK + getmedia'
  | 'SDK + ebml-stream'

/** Reads one session to its end; gives the frames that it found, or the bytes where it does not look into them. */
export type Client = (url: string, streamName: string) => Promise<number>

export async function client(name: ClientName): Promise<Client> {
  return await LOADERS[name]()
}

const HEADERS = { 'content-type': 'application/json' }

const LOADERS: Readonly<Record<ClientName, () => Promise<Client>>> = {
  getmedia: async () => {
    const { getMedia } = await import('../../lib/index.ts')
    return async (url, streamName) => {
      const stream = getMedia(sessionOptions(url, streamName))
      let frames = 0
      stream.on('data', event => {
        if (event.type === 'frame') frames++
      })
      // The session is over: the others read one too.
      stream.on('retry', () => stream.destroy())
      await once(stream, 'close')
      return frames
    }
  },

  got: async () => {
    const { default: got } = await import('got')
    return async (url, streamName) => {
      return await drained(got.stream.post(`${url}/getMedia`, { headers: HEADERS, body: bodyOf(streamName) }))
    }
  },

  'node:http': async () => async (url, streamName) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest
    return await new Promise<number>((resolve, reject) => {
      const call = request(
        `${url}/getMedia`,
        { method: 'POST', headers: HEADERS, agent: false },
        response => {
          drained(response).then(resolve, reject)
        },
      )
      call.on('error', reject)
      call.end(bodyOf(streamName))
    })
  },

  undici: async () => {
    const { Agent, request } = await import('undici')
    return async (url, streamName) => {
      const dispatcher = new Agent()
      const options = { method: 'POST', headers: HEADERS, body: bodyOf(streamName), dispatcher } as const
      const { body } = await request(`${url}/getMedia`, options)
      const bytes = await drained(body)
      await dispatcher.close()
      return bytes
    }
  },

  SDK: async () => {
    const payloadOf = await sdk()
    return async (url, streamName) => await drained(await payloadOf(url, streamName))
  },

  'SDK + getmedia': () => sdkWith('getmedia'),
  'SDK + ebml-stream': () => sdkWith('ebml-stream'),
}

async function sdkWith(name: 'getmedia' | 'ebml-stream'): Promise<Client> {
  const [payloadOf, read] = [await sdk(), await demuxer(name)]
  return async (url, streamName) => await read(await payloadOf(url, streamName))
}

/** The official client: the `Payload` of GetMedia. */
async function sdk(): Promise<(url: string, streamName: string) => Promise<Readable>> {
  const { GetMediaCommand, KinesisVideoMediaClient } = await import('@aws-sdk/client-kinesis-video-media')
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return async (url, StreamName) => {
    const sdkClient = new KinesisVideoMediaClient({ endpoint: url, region: 'us-east-1', credentials })
    const StartSelector = { StartSelectorType: 'EARLIEST' } as const
    const { Payload } = await sdkClient.send(new GetMediaCommand({ StreamName, StartSelector }))
    // In Node it is the response's own stream.
    return Payload as unknown as Readable
  }
}

function bodyOf(streamName: string): string {
  return JSON.stringify({ StreamName: streamName, StartSelector: { StartSelectorType: 'EARLIEST' } })
}

/** Reads all, and gives how many bytes they were. */
async function drained(stream: NodeJS.ReadableStream): Promise<number> {
  let bytes = 0
  await flow(stream, [], chunk => {
    bytes += (chunk as Uint8Array).length
    return false
  })
  return bytes
}
