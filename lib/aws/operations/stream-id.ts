import { OptionError } from '../../core/errors.ts'

/** One stream, by exactly one of its two names. */
export type StreamId =
  /** 1 to 256 of `a-z A-Z 0-9 _ . -`. */
  | { readonly streamName: string; readonly streamARN?: undefined }
  /** `arn:PARTITION:kinesisvideo:REGION:ACCOUNT:stream/NAME/CREATED`, up to 1024 characters. */
  | { readonly streamARN: string; readonly streamName?: undefined }

/** The service's names for the same, as every operation takes them. */
export type WireStreamId = { readonly StreamName: string } | { readonly StreamARN: string }

/** What one stream is counted under; see `streamKey`. */
export type StreamKey = {
  /** Where the stream lives, and its name. */
  readonly stream: string
  /** The account's number, where an ARN told it. */
  readonly account: string | undefined
}

/** The variables that are read; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>

const NAME = /^[a-zA-Z0-9_.-]{1,256}$/
// The API's own pattern (GetMedia, StreamARN), with groups for region, account and name.
const ARN = /^arn:[a-z\d-]+:kinesisvideo:([a-z0-9-]+):([0-9]+):[a-z]+\/([a-zA-Z0-9_.-]+)\/[0-9]+$/
const REGION = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Checks that exactly one of `streamName` and `streamARN` is given and fits the API's rules; throws `OptionError`. */
export function checkStreamId(given: {
  readonly streamName?: unknown
  readonly streamARN?: unknown
}): StreamId {
  const { streamName, streamARN } = given
  if (streamName !== undefined && streamARN !== undefined) {
    throw new OptionError('streamARN', 'be absent where `streamName` is given', streamARN)
  }
  if (streamName !== undefined) {
    if (typeof streamName === 'string' && NAME.test(streamName)) return { streamName }
    throw new OptionError(
      'streamName',
      'be 1 to 256 characters of a-z, A-Z, 0-9, "_", "." and "-"',
      streamName,
    )
  }
  if (streamARN === undefined) {
    throw new OptionError('streamName', 'be given, or `streamARN` in its place')
  }
  if (typeof streamARN === 'string' && streamARN.length <= 1024 && ARN.test(streamARN)) return { streamARN }
  throw new OptionError(
    'streamARN',
    'be like arn:aws:kinesisvideo:us-west-2:123456789012:stream/NAME/1234567890123, up to 1024 characters',
    streamARN,
  )
}

export function toWireStreamId(id: StreamId): WireStreamId {
  return id.streamARN === undefined ? { StreamName: id.streamName } : { StreamARN: id.streamARN }
}

/** The option `region`, else the ARN's, else AWS_REGION, else AWS_DEFAULT_REGION; else an `OptionError`. */
export function resolveRegion(given: unknown, id: StreamId, env: Environment = process.env): string {
  if (given !== undefined) return checkRegion('region', given)
  const ofArn = id.streamARN === undefined ? undefined : ARN.exec(id.streamARN)?.[1]
  if (ofArn !== undefined) return ofArn
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    if (env[name]) return checkRegion(name, env[name])
  }
  throw new OptionError('region', 'be given where neither an ARN nor AWS_REGION tells it')
}

/** Names the stream in a message: its name, or its ARN. */
export function describeStream(id: StreamId): string {
  return id.streamARN ?? id.streamName
}

/**
 * The key for the limits that the service sets for each stream. `place` tells services apart: a region, or the
 * address of a local one. The same stream may come by name and by ARN, and only an ARN tells the account: see
 * `mayBeSameStream`.
 */
export function streamKey(id: StreamId, place: string): StreamKey {
  const arn = id.streamARN === undefined ? undefined : ARN.exec(id.streamARN)
  return { stream: `${place}/${arn?.[3] ?? id.streamName}`, account: arn?.[2] }
}

/** Whether two callers of one `StreamKey.stream` may share a stream: not if both told accounts, and others. */
export function mayBeSameStream(one: StreamKey, other: StreamKey): boolean {
  return one.account === undefined || other.account === undefined || one.account === other.account
}

function checkRegion(name: string, value: unknown): string {
  // It becomes part of a host name, so it must not carry one of its own.
  if (typeof value === 'string' && value.length <= 63 && REGION.test(value)) return value
  throw new OptionError(name, 'be a region such as us-west-2', value)
}
