import { type Clock, systemClock } from '../core/clock.ts'
import { OptionError } from '../core/errors.ts'
import { choiceOption, functionOption, knownOptions, numberOption, optionNames } from '../core/options.ts'
import { type IngestOptions, type IngestSettings, resolveIngest } from './ingest/ingest-settings.ts'
import { resolveTls, type TlsOptions } from './server/tls.ts'
import { regionOption } from './streams/region.ts'

/** The service's quotas. Each can be set; `Infinity` lifts it. */
export type Limits = {
  /** GetMedia calls a second for each stream. @default 5 */
  readonly getMediaCallsPerSecond: number
  /** Open GetMedia sessions for each stream; the newest is refused. @default 3 */
  readonly getMediaSessions: number
  /** Bytes a second in each session. @default 25_000_000 */
  readonly bytesPerSecond: number
  /** Fragments a second in each session. @default 5 */
  readonly fragmentsPerSecond: number
  /** GetDataEndpoint calls a second for each stream. @default 5 */
  readonly getDataEndpointCallsPerSecond: number
  /** DescribeStream calls a second for each stream. @default 5 */
  readonly describeStreamCallsPerSecond: number
  /** UpdateStream, DeleteStream, UpdateDataRetention, tag and storage calls a second for each stream, each operation for itself. @default 5 */
  readonly streamCallsPerSecond: number
  /** Calls a second of each control operation over all streams. @default 50 */
  readonly accountCallsPerSecond: number
  /** DescribeStream and GetDataEndpoint calls a second over all streams, each operation for itself. @default 300 */
  readonly accountLookupsPerSecond: number
  /** Streams that may exist. @default 10_000 */
  readonly streams: number
  /** Points a second for each stream; ListFragments costs its MaxResults. @default 10_000 */
  readonly fragmentMetadataPerSecond: number
  /** Points a second for each stream; GetMediaForFragmentList costs its fragments. @default 500 */
  readonly fragmentMediaPerSecond: number
  /** Open GetMediaForFragmentList bodies for each stream; the newest is refused. @default 5 */
  readonly fragmentListSessions: number
  /** PutMedia calls a second for each stream. @default 5 */
  readonly putMediaCallsPerSecond: number
  /** Open PutMedia sessions for each stream; the newest is refused. @default 1 */
  readonly putMediaSessions: number
  /** Bytes a second in each PutMedia session; a producer that sends faster is held back. @default 12_500_000 */
  readonly putMediaBytesPerSecond: number
  /** Fragments a second in each PutMedia session; a producer that sends faster is held back. @default 5 */
  readonly putMediaFragmentsPerSecond: number
}

/** What a session does when no fragment came for `idleEndMs`; the page says "times out", and reports differ. */
export type IdleEnd = 'end' | 'reset' | 'stall'

/** What an `AfterFragmentNumber` or a token that names no stored fragment gives. */
export type UnknownFragment = 'next' | 'error-tag'

/**
 * What a GetMediaForFragmentList number that is not archived gives: an error 3000 in the 200 body that is the end of
 * it (`'end'`) or is followed by the rest of the list (`'next'`), or `InvalidArgumentException` before any media.
 */
export type MissingFragment = 'end' | 'next' | 'exception'

/** Whether requests must be signed with known keys. */
export type SignatureMode = 'check' | 'ignore'

/** Keys that requests may be signed with. */
export type KeyPair = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Temporary keys: requests must carry this token. */
  readonly sessionToken?: string
  /** Operations that these keys may not call, such as `DeleteStream`; `'*'` is all. @default [] */
  readonly deny?: readonly string[]
}

const KEY_PAIR_OPTIONS = optionNames<KeyPair>({
  ...{ accessKeyId: true, secretAccessKey: true, sessionToken: true, deny: true },
})
/** What the AWS SDK's credential providers add to a key pair (`AwsCredentialIdentity`). */
const SDK_IDENTITY_FIELDS = ['expiration', 'credentialScope', 'accountId', '$source']

/** Options of `startEmulator`. */
export type EmulatorOptions = IngestOptions & {
  /** Address to listen on. Anything but loopback lets others on the network in. @default '127.0.0.1' */
  readonly host?: string
  /** Port to listen on; 0 takes a free one. @default 0 */
  readonly port?: number
  /**
   * The address in GetDataEndpoint's response, an `http` or `https` URL: for clients that reach the service through a
   * proxy, or in a container. @default the emulator's `url`
   */
  readonly advertisedUrl?: string
  /** Serves HTTPS in place of HTTP. @default HTTP */
  readonly tls?: TlsOptions
  /**
   * The only region to serve: requests that are signed for another one get `InvalidSignatureException`.
   * @default every region is served, each with the streams that were created in it
   */
  readonly region?: string
  /**
   * The region of requests that are not signed, and of the ARNs that streams show in code.
   * @default `region` where that is set, else 'us-east-1'
   */
  readonly defaultRegion?: string
  /** Account in the ARNs, 12 digits. @default '123456789012' */
  readonly accountId?: string
  /** Quotas that differ from the service's, or `'off'` for none. */
  readonly limits?: Partial<Limits> | 'off'
  /** How long a session waits for a fragment, in milliseconds. @default 3000 */
  readonly idleEndMs?: number
  /** How a session ends that waited so long: a clean end, a connection reset, or silence without end. @default 'end' */
  readonly idleEnd?: IdleEnd
  /** How long a session lasts, in milliseconds; it then ends after a whole fragment. @default 2_700_000 (45 minutes) */
  readonly sessionLifetimeMs?: number
  /** `'next'` starts at the first fragment with a greater number; `'error-tag'` answers error 4000 in the body. @default 'next' */
  readonly unknownFragment?: UnknownFragment
  /** @default 'end' */
  readonly missingFragment?: MissingFragment
  /** `'ignore'` takes requests with any signature or none. @default 'check' */
  readonly signatures?: SignatureMode
  /** @default one pair, `test` and `test` */
  readonly credentials?: readonly KeyPair[]
  /**
   * How far the service's clock is ahead of this machine's in the judgement of signatures and in the `Date` header.
   * Requests dated 15 minutes off are refused. @default 0
   */
  readonly clockSkewMs?: number
  /** How long a stream stays CREATING, UPDATING or DELETING, in milliseconds. @default 0 */
  readonly transitionMs?: number
  /** Connections with no request under way that are kept; beyond that the one that idles longest is closed. @default 1024 */
  readonly idleConnections?: number
  /** The time that the service sees. @default the system's */
  readonly clock?: Clock
  /** Gives numbers from 0 to less than 1, for the random part of fragment numbers. @default Math.random */
  readonly random?: () => number
}

/** The options with everything decided. */
export type Settings = Required<
  Omit<EmulatorOptions, 'limits' | 'advertisedUrl' | 'tls' | 'region' | keyof IngestOptions>
> &
  IngestSettings & {
    readonly advertisedUrl: string | undefined
    readonly tls: TlsOptions | undefined
    readonly region: string | undefined
    readonly limits: Limits
  }

/** A century: what a date can hold is not far beyond. */
const MOST_SKEW_MS = 100 * 365 * 86_400_000

/** The quotas of the service itself. */
export const SERVICE_LIMITS: Limits = {
  getMediaCallsPerSecond: 5,
  getMediaSessions: 3,
  bytesPerSecond: 25_000_000,
  fragmentsPerSecond: 5,
  getDataEndpointCallsPerSecond: 5,
  describeStreamCallsPerSecond: 5,
  streamCallsPerSecond: 5,
  accountCallsPerSecond: 50,
  accountLookupsPerSecond: 300,
  streams: 10_000,
  fragmentMetadataPerSecond: 10_000,
  fragmentMediaPerSecond: 500,
  fragmentListSessions: 5,
  putMediaCallsPerSecond: 5,
  putMediaSessions: 1,
  putMediaBytesPerSecond: 12_500_000,
  putMediaFragmentsPerSecond: 5,
}

/** Checks the options and decides what was left open. @throws OptionError */
export function resolveSettings(options: EmulatorOptions): Settings {
  const settings: Settings = {
    host: textOption('host', options.host, '127.0.0.1', /\S+/),
    port: numberOption('port', options.port, 0, { max: 65_535, integer: true }),
    advertisedUrl: resolveUrl(options.advertisedUrl),
    tls: resolveTls(options.tls),
    ...resolveRegions(options),
    accountId: textOption('accountId', options.accountId, '123456789012', /[0-9]{12}/),
    limits: resolveLimits(options.limits),
    idleEndMs: numberOption('idleEndMs', options.idleEndMs, 3000),
    idleEnd: choiceOption('idleEnd', options.idleEnd, 'end', ['end', 'reset', 'stall']),
    sessionLifetimeMs: numberOption('sessionLifetimeMs', options.sessionLifetimeMs, 45 * 60_000),
    unknownFragment: choiceOption('unknownFragment', options.unknownFragment, 'next', ['next', 'error-tag']),
    missingFragment: choiceOption('missingFragment', options.missingFragment, 'end', [
      'end',
      'next',
      'exception',
    ]),
    signatures: choiceOption('signatures', options.signatures, 'check', ['check', 'ignore']),
    credentials: resolveCredentials(options.credentials),
    clockSkewMs: numberOption('clockSkewMs', options.clockSkewMs, 0, {
      min: -MOST_SKEW_MS,
      max: MOST_SKEW_MS,
    }),
    transitionMs: numberOption('transitionMs', options.transitionMs, 0),
    idleConnections: numberOption('idleConnections', options.idleConnections, 1024, { integer: true }),
    ...resolveIngest(options),
    clock: options.clock ?? systemClock,
    random: functionOption('random', options.random ?? Math.random),
  }
  knownOptions('startEmulator', options, Object.keys(settings))
  return settings
}

function resolveRegions({
  region,
  defaultRegion,
}: EmulatorOptions): Pick<Settings, 'region' | 'defaultRegion'> {
  const served = region === undefined ? undefined : regionOption('region', region)
  const fallback = regionOption('defaultRegion', defaultRegion ?? served ?? 'us-east-1')
  if (served !== undefined && fallback !== served) {
    throw new OptionError('defaultRegion', `be ${served}, the only region that is served`, fallback)
  }
  return { region: served, defaultRegion: fallback }
}

function resolveLimits(limits: EmulatorOptions['limits'] = {}): Limits {
  if (limits !== 'off') knownOptions('`limits`', limits, Object.keys(SERVICE_LIMITS), 'limits.')
  const resolved: Record<string, number> = {}
  for (const [name, fallback] of Object.entries(SERVICE_LIMITS)) {
    const given = limits === 'off' ? Number.POSITIVE_INFINITY : limits[name as keyof Limits]
    resolved[name] = numberOption(`limits.${name}`, given, fallback)
  }
  return resolved as Limits
}

/** The secret is never shown, not even where it is what is wrong. */
function resolveCredentials(pairs: EmulatorOptions['credentials']): readonly KeyPair[] {
  if (pairs === undefined) return [{ accessKeyId: 'test', secretAccessKey: 'test' }]
  if (!Array.isArray(pairs)) throw new OptionError('credentials', 'be a list of key pairs', typeof pairs)
  return pairs.map((pair: KeyPair, index) => {
    knownOptions(
      '`credentials`',
      pair ?? {},
      [...KEY_PAIR_OPTIONS, ...SDK_IDENTITY_FIELDS],
      `credentials[${index}].`,
    )
    const { accessKeyId, secretAccessKey, sessionToken = 'none', deny = [] } = pair ?? {}
    for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey, sessionToken })) {
      const isText = typeof value === 'string' && value !== ''
      if (!isText) throw new OptionError(`credentials[${index}].${name}`, 'be a text', typeof value)
    }
    if (!Array.isArray(deny)) throw new OptionError(`credentials[${index}].deny`, 'be a list', deny)
    return pair
  })
}

function resolveUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isEndpoint =
    (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') &&
    [parsed.search, parsed.hash, parsed.username, parsed.password].every(part => part === '')
  if (!isEndpoint) throw new OptionError('advertisedUrl', 'be an http or https URL with no query', url)
  return url.replace(/\/+$/, '')
}

function textOption(name: string, value: unknown, fallback: string, pattern: RegExp): string {
  if (value === undefined) return fallback
  const fits = typeof value === 'string' && pattern.exec(value)?.[0] === value
  if (!fits) throw new OptionError(name, `match ${pattern.source}`, value)
  return value
}
