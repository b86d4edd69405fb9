import { type Clock, systemClock } from '../../core/clock.ts'
import { OptionError } from '../../core/errors.ts'
import { numberOption } from '../../core/options.ts'
import { type CredentialsProvider, type CredentialsSource, credentialsSource } from '../auth/credentials.ts'
import {
  type EndpointOptions,
  placeOf,
  resolveControlEndpoint,
  resolveDataEndpoint,
} from '../endpoints/endpoints.ts'
import { checkStreamId, resolveRegion, type StreamId, type StreamKey, streamKey } from './stream-id.ts'

/** Which stream, and where it lives: the one name of it, and how to find the service. */
export type StreamOptions = StreamId &
  EndpointOptions & {
    /** Default: the ARN's, else AWS_REGION, else AWS_DEFAULT_REGION. It is signed, also for a local service. */
    readonly region?: string | undefined
  }

/** All that a call takes. Times are in milliseconds, from 1 to 2,147,483,647. */
export type CallOptions = StreamOptions & {
  /** Default: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. */
  readonly credentials?: CredentialsProvider | undefined
  /** For name, connection and TLS together. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /** From the connection until the answer's head. @default 10000 */
  readonly responseTimeoutMs?: number | undefined
  /**
   * How long a call may wait in this process's queues, which keep the service's limits, before it fails with an
   * `AdmissionTimeoutError`. @default no limit
   */
  readonly admissionTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** `CallOptions`, checked and complete. It holds no secret that shows. */
export type CallSettings = {
  readonly streamId: StreamId
  readonly key: StreamKey
  readonly region: string
  readonly controlEndpoint: string
  /** Where the caller gave one; else GetDataEndpoint is asked. */
  readonly endpoint: string | undefined
  readonly credentials: CredentialsSource
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly admissionTimeoutMs: number | undefined
  readonly clock: Clock
}

/** Default of each of the three limits. */
export const DEFAULT_TIMEOUT_MS = 10_000

/** Checks every option of a call, and the AWS_* variables that stand in for absent ones. Throws `OptionError`. */
export function resolveCallSettings(options: CallOptions): CallSettings {
  const { clock = systemClock } = options
  return {
    ...resolveStream(options),
    credentials: credentialsSource(options.credentials, clock),
    connectTimeoutMs: timeoutOption('connectTimeoutMs', options.connectTimeoutMs),
    responseTimeoutMs: timeoutOption('responseTimeoutMs', options.responseTimeoutMs),
    admissionTimeoutMs: admissionTimeoutOption(options.admissionTimeoutMs),
    clock,
  }
}

/** The part that names the stream. Throws `OptionError`. */
export function resolveStream(
  options: StreamOptions,
): Pick<CallSettings, 'streamId' | 'key' | 'region' | 'controlEndpoint' | 'endpoint'> {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError('options', "be an object such as { streamName: 'door' }", options)
  }
  const streamId = checkStreamId(options)
  const region = resolveRegion(options.region, streamId)
  const controlEndpoint = resolveControlEndpoint(options.controlEndpoint, region)
  const endpoint = resolveDataEndpoint(options.endpoint)
  const key = streamKey(streamId, placeOf(endpoint ?? controlEndpoint, region))
  return { streamId, key, region, controlEndpoint, endpoint }
}

/** A limit for waiting, in milliseconds; the upper end is that of Node's timers. */
export function timeoutOption(name: string, value: unknown): number {
  return numberOption(name, value, DEFAULT_TIMEOUT_MS, { min: 1, max: 2 ** 31 - 1 })
}

/** How long a call may wait in the queues; `undefined` for any time. */
export function admissionTimeoutOption(value: unknown): number | undefined {
  return value === undefined ? undefined : timeoutOption('admissionTimeoutMs', value)
}
