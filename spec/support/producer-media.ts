import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import type { RetryEvent } from '../../lib/get-media/retrying-resumer.ts'
import type { Acknowledgement } from '../../lib/put-media/acknowledgement.ts'
import {
  type PutAttemptEvent,
  PutMediaSink,
  type PutMediaSinkOptions,
} from '../../lib/put-media/put-media-sink.ts'
import { cluster, ebmlHeader, info, segmentHead, type TrackOptions, tags, tracks } from './mkv-builder.ts'
import type { ServerFragment } from './put-media-server.ts'

/** What a producer sends, and a sink that sends it to a server of the specs. */

export type ProducerMedia = {
  readonly header: Buffer
  /** Each a Cluster with what stands behind it. */
  readonly fragments: readonly Buffer[]
  /** All of it. */
  readonly bytes: Buffer
}

export type ProducerMediaOptions = {
  /** How many, or the payload bytes of each. @default 3 */
  readonly fragments?: number | readonly number[]
  /** Of the first cluster, in milliseconds; each further one is 1000 later. @default 0 */
  readonly from?: number
  readonly tracks?: readonly TrackOptions[]
  /** As the PIC producer writes: no cluster says its size. */
  readonly producer?: 'pic' | 'plain'
  /** A tag of the producer's behind each cluster. */
  readonly tagged?: boolean
  /** Bytes of the frames. */
  readonly fill?: string
}

/** One document of small fragments, a second apart. */
export function producerMedia(options: ProducerMediaOptions = {}): ProducerMedia {
  const { fragments: wanted = 3, from = 0, producer = 'plain', tagged = false, fill = 'frame' } = options
  const sizes = typeof wanted === 'number' ? Array.from({ length: wanted }, () => 40) : wanted
  const header = Buffer.concat([ebmlHeader(), segmentHead(), info(), tracks(options.tracks)])
  const fragments = sizes.map((size, index) => {
    const data = Buffer.alloc(size, `${fill}${index}`)
    const media = cluster({ timestamp: from + index * 1000, producer, blocks: [{ keyframe: true, data }] })
    return tagged ? Buffer.concat([media, tags({ place: `door ${index}` })]) : media
  })
  return { header, fragments, bytes: Buffer.concat([header, ...fragments]) }
}

/** Tags that close a fragment. */
export const END_OF_FRAGMENT = tags({ AWS_KINESISVIDEO_END_OF_FRAGMENT: '' })

/** A stream of its own for each: the calls of one are counted by the whole process. No wait has any length. */
export function sinkFor(
  server: { readonly url: string },
  more: Partial<PutMediaSinkOptions> = {},
): PutMediaSink {
  return new PutMediaSink({
    streamName: `door-${randomUUID()}`,
    region: 'us-west-2',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-that-must-not-show' },
    controlEndpoint: server.url,
    random: () => 0,
    ...more,
  } as PutMediaSinkOptions)
}

/** What a sink told. */
export type PutNotices = {
  readonly attempts: PutAttemptEvent[]
  readonly retries: RetryEvent[]
  readonly acks: Acknowledgement[]
}

export function noticesOf(sink: PutMediaSink): PutNotices {
  const notices: PutNotices = { attempts: [], retries: [], acks: [] }
  sink.on('attempt', (event: PutAttemptEvent) => notices.attempts.push(event))
  sink.on('retry', (event: RetryEvent) => notices.retries.push(event))
  sink.on('ack', (event: Acknowledgement) => notices.acks.push(event))
  return notices
}

export type PutOutcome = PutNotices & { readonly sink: PutMediaSink; readonly error: unknown }

/** Writes all of it, and waits for the sink's end. */
export async function put(
  server: { readonly url: string },
  media: Uint8Array | readonly Uint8Array[],
  more: Partial<PutMediaSinkOptions> = {},
): Promise<PutOutcome> {
  const sink = sinkFor(server, more)
  const notices = noticesOf(sink)
  let error: unknown
  sink.on('error', (failure: unknown) => {
    error = failure
  })
  for (const chunk of media instanceof Uint8Array ? [media] : media) sink.write(chunk)
  sink.end()
  await new Promise(resolve => sink.on('close', resolve))
  return { ...notices, sink, error }
}

/** Their bytes, for comparing. */
export const bytesOf = (fragments: readonly ServerFragment[]): Buffer[] => fragments.map(({ bytes }) => bytes)

/** An error as text, with all that it holds. */
export const shown = (error: unknown): string => inspect(error, { depth: 10, showHidden: true })
