import { once } from 'node:events'
import { request } from 'node:http'
import type { Readable } from 'node:stream'
import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import {
  GetMediaCommand,
  KinesisVideoMediaClient,
  type StartSelector,
} from '@aws-sdk/client-kinesis-video-media'
import aws4 from 'aws4'
import type { Emulator } from '../../lib/emulator/index.ts'
import { fragment } from '../support/mkv-builder.ts'

/** The official clients, which know nothing of us, and what reads their answers. */

function config(emulator: Emulator) {
  return {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    // An SDK that tries again by itself would take more than one planned fault.
    maxAttempts: 1,
  }
}

/** The SDK's client for the control operations. */
export function controlClient(emulator: Emulator): KinesisVideoClient {
  return new KinesisVideoClient(config(emulator))
}

/** The SDK's client for GetMedia. */
export function mediaClient(emulator: Emulator): KinesisVideoMediaClient {
  return new KinesisVideoMediaClient(config(emulator))
}

/** The SDK's client for what is archived. */
export function archivedClient(emulator: Emulator): KinesisVideoArchivedMediaClient {
  return new KinesisVideoArchivedMediaClient(config(emulator))
}

/** The body of one GetMedia call of the SDK. */
export async function openMedia(
  client: KinesisVideoMediaClient,
  selector: StartSelector = { StartSelectorType: 'EARLIEST' },
  streamName = 'door',
): Promise<Readable> {
  const answer = await client.send(new GetMediaCommand({ StreamName: streamName, StartSelector: selector }))
  return answer.Payload as Readable
}

/** All bytes to the body's end. */
export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The bytes up to where the body breaks, and the error that it broke with. */
export async function readUntilBreak(body: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks), error: undefined }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}

/** Reads on until the condition holds for all bytes so far; the body stays open. */
export async function readUntil(
  body: Readable,
  isEnough: (bytes: Buffer) => boolean,
  before: Buffer = Buffer.alloc(0),
): Promise<Buffer> {
  let bytes = before
  while (!isEnough(bytes)) {
    const chunk: Buffer | null = body.read()
    if (chunk !== null) bytes = Buffer.concat([bytes, chunk])
    else if (body.readableEnded || body.destroyed)
      throw new Error(`the body ended after ${bytes.length} bytes`)
    else await once(body, 'readable')
  }
  return bytes
}

/** The values of one of the service's tags, in order: its name, then 4487, a size of four octets, and the text. */
export function tagValues(bytes: Buffer, name: string): string[] {
  const key = Buffer.concat([Buffer.from(`AWS_KINESISVIDEO_${name}`), Buffer.from('4487100000', 'hex')])
  const values: string[] = []
  for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at + 1)) {
    const start = at + key.length + 1
    const end = start + (bytes[start - 1] ?? 0)
    if (end <= bytes.length) values.push(bytes.toString('latin1', start, end))
  }
  return values
}

/** The frames' texts of the payloads that `recording` makes. */
export function framesIn(bytes: Buffer): string[] {
  return bytes.toString('latin1').match(/frame-\d+-\d+/g) ?? []
}

/** An MKV recording: fragments of one second each, with three frames that name themselves. */
export function recording(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      fragment({
        timestamp: index * 1000,
        frames: [0, 1, 2].map(place => ({
          at: Math.round((place * 1000) / 3),
          keyframe: place === 0,
          data: `frame-${index}-${place}`,
        })),
      }),
    ),
  )
}

/** An answer, read whole. */
export type RawAnswer = {
  readonly statusCode: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

/** A request that no SDK would send, signed with `test` and `test` unless it is to be `unsigned`. */
export async function sendRaw(
  emulator: Emulator,
  options: {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string
    unsigned?: boolean
  },
): Promise<RawAnswer> {
  const { method = 'POST', path = '/getMedia', headers = {}, body = '', unsigned = false } = options
  const plain = { method, path, headers, body, host: new URL(emulator.url).host }
  const toSend = unsigned
    ? plain
    : aws4.sign(
        { ...plain, service: 'kinesisvideo', region: 'us-east-1' },
        { accessKeyId: 'test', secretAccessKey: 'test' },
      )
  const outgoing = request(emulator.url + toSend.path, {
    method,
    headers: toSend.headers as Record<string, string>,
    agent: false,
  })
  outgoing.end(body)
  const [answer] = await once(outgoing, 'response')
  return {
    statusCode: answer.statusCode,
    headers: answer.headers,
    body: (await readAll(answer)).toString(),
  }
}
