import { type CallOptions, type CallSettings, resolveCallSettings } from '../aws/operations/call-settings.ts'
import type { FragmentTimecodeType } from '../aws/operations/put-media-call.ts'
import { OptionError } from '../core/errors.ts'
import {
  booleanOption,
  choiceOption,
  knownOptions,
  numberOption,
  optionNames,
  signalOption,
} from '../core/options.ts'
import type { SeekableBytes } from '../matroska/reader/seekable-bytes.ts'
import { type RetryOptions, type RetryPolicy, retryPolicy } from '../retry/backoff.ts'

/** Options of `PutMediaSink`. Times are in milliseconds. */
export type PutMediaSinkOptions = CallOptions & {
  /**
   * What the clusters' timestamps count from: `RELATIVE` to `producerStartTimestamp`, or `ABSOLUTE`, from the epoch.
   * @default 'RELATIVE'
   */
  readonly fragmentTimecodeType?: FragmentTimecodeType | undefined
  /** The producer's time at timestamp zero. @default the time when the document's first cluster comes */
  readonly producerStartTimestamp?: Date | undefined
  /** Sent as Content-Type; the service takes the stream's own media type without it. */
  readonly contentType?: string | undefined
  /**
   * Which acknowledgement makes a fragment safe: until then it is kept, and sent again after a loss. A stream whose
   * retention is 0 persists nothing, and needs `received`. @default 'persisted'
   */
  readonly durability?: 'persisted' | 'received' | undefined
  /** Most bytes of fragments that are kept so; one fragment must fit. @default 67108864 (64 MiB) */
  readonly maxUnacknowledgedBytes?: number | undefined
  /** A session ends at the first fragment's end after this. The service itself ends one after 45 minutes or so. @default 2400000 (40 min) */
  readonly maxSessionMs?: number | undefined
  /** How long the service may take no bytes, or owe an acknowledgement and say nothing. @default 30000 */
  readonly ackTimeoutMs?: number | undefined
  /** Sends each cluster when its timestamp says, counted from the document's first. @default false */
  readonly realtime?: boolean | undefined
  /** The media that is written, where it can be read at any position, as of a file: for Info or Tracks after the Clusters. */
  readonly seekable?: SeekableBytes | undefined
  readonly retry?: RetryOptions | undefined
  /** Ends it at once, with an `AbortError`. */
  readonly signal?: AbortSignal | undefined
  /** From 0 to 1; for jitter. */
  readonly random?: (() => number) | undefined
}

const OPTIONS = optionNames<PutMediaSinkOptions>({
  ...{ streamName: true, streamARN: true, region: true, endpoint: true, controlEndpoint: true },
  ...{ credentials: true, connectTimeoutMs: true, responseTimeoutMs: true, admissionTimeoutMs: true },
  ...{ clock: true, fragmentTimecodeType: true, producerStartTimestamp: true, contentType: true },
  ...{ durability: true, maxUnacknowledgedBytes: true, maxSessionMs: true, ackTimeoutMs: true },
  ...{ realtime: true, retry: true, signal: true, random: true, seekable: true },
})

/** `PutMediaSinkOptions`, checked and complete. */
export type PutMediaSettings = {
  readonly call: CallSettings
  readonly fragmentTimecodeType: FragmentTimecodeType
  readonly producerStartTimestamp: Date | undefined
  readonly contentType: string | undefined
  readonly durability: 'persisted' | 'received'
  readonly maxUnacknowledgedBytes: number
  readonly maxSessionMs: number
  readonly ackTimeoutMs: number
  readonly realtime: boolean
  readonly seekable: SeekableBytes | undefined
  readonly policy: RetryPolicy
  readonly random: () => number
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** Throws `OptionError`. */
export function resolvePutMediaSettings(options: PutMediaSinkOptions): PutMediaSettings {
  knownOptions('PutMediaSink', options, OPTIONS)
  const call = resolveCallSettings(options)
  signalOption('signal', options.signal)
  const time = (name: 'maxSessionMs' | 'ackTimeoutMs', fallback: number) =>
    numberOption(name, options[name], fallback, { min: 1, max: MAX_TIMER_MS })
  return {
    call,
    fragmentTimecodeType: choiceOption('fragmentTimecodeType', options.fragmentTimecodeType, 'RELATIVE', [
      'RELATIVE',
      'ABSOLUTE',
    ]),
    producerStartTimestamp: dateOption('producerStartTimestamp', options.producerStartTimestamp),
    contentType: headerOption('contentType', options.contentType),
    durability: choiceOption('durability', options.durability, 'persisted', ['persisted', 'received']),
    maxUnacknowledgedBytes: numberOption(
      'maxUnacknowledgedBytes',
      options.maxUnacknowledgedBytes,
      64 * 1024 * 1024,
      { min: 1, integer: true },
    ),
    maxSessionMs: time('maxSessionMs', 40 * 60_000),
    ackTimeoutMs: time('ackTimeoutMs', 30_000),
    realtime: booleanOption('realtime', options.realtime, false),
    seekable: options.seekable,
    policy: retryPolicy(options.retry),
    random: options.random ?? Math.random,
  }
}

function dateOption(name: string, value: unknown): Date | undefined {
  if (value === undefined) return undefined
  const isTime = value instanceof Date && value.getTime() >= 0
  if (!isTime) throw new OptionError(name, 'be a Date from 1970 on', value)
  return new Date(value)
}

function headerOption(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  // The API's own pattern of a media type.
  const isType = typeof value === 'string' && value.length <= 128 && /^[\w.+-]+\/[\w.+-]+$/.test(value)
  if (!isType) throw new OptionError(name, 'be a media type such as video/x-matroska', value)
  return value
}
