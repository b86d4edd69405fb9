import { type Clock, systemClock } from '../clock.ts'
import { OptionError } from '../errors.ts'
import { choiceOption, functionOption, numberOption } from '../options.ts'

/** The service's quotas (facts 5). Each can be set; `Infinity` lifts it. */
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
}

/** What a session does when no fragment came for `idleEndMs`; the page says "times out", and reports differ. */
export type IdleEnd = 'end' | 'reset' | 'stall'

/** What an `AfterFragmentNumber` or a token that names no stored fragment gives. */
export type UnknownFragment = 'next' | 'error-tag'

/** Options of `startEmulator`. */
export type EmulatorOptions = {
  /** Address to listen on. Anything but loopback lets others on the network in. @default '127.0.0.1' */
  readonly host?: string
  /** Port to listen on; 0 takes a free one. @default 0 */
  readonly port?: number
  /** What GetDataEndpoint answers, where clients reach the service by another name. @default the emulator's `url` */
  readonly advertisedUrl?: string
  /** Region in the ARNs. @default 'us-east-1' */
  readonly region?: string
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
  /** The time that the service sees. @default the system's */
  readonly clock?: Clock
  /** Gives numbers from 0 to less than 1, for the random part of fragment numbers. @default Math.random */
  readonly random?: () => number
}

/** The options with everything decided. */
export type Settings = Required<Omit<EmulatorOptions, 'limits' | 'advertisedUrl'>> & {
  readonly advertisedUrl: string | undefined
  readonly limits: Limits
}

const SERVICE_LIMITS: Limits = {
  getMediaCallsPerSecond: 5,
  getMediaSessions: 3,
  bytesPerSecond: 25_000_000,
  fragmentsPerSecond: 5,
  getDataEndpointCallsPerSecond: 5,
  describeStreamCallsPerSecond: 5,
}

/** Checks the options and decides what was left open. @throws OptionError */
export function resolveSettings(options: EmulatorOptions): Settings {
  return {
    host: textOption('host', options.host, '127.0.0.1', /\S+/),
    port: numberOption('port', options.port, 0, { max: 65_535, integer: true }),
    advertisedUrl: resolveUrl(options.advertisedUrl),
    region: textOption('region', options.region, 'us-east-1', /[a-z0-9-]+/),
    accountId: textOption('accountId', options.accountId, '123456789012', /[0-9]{12}/),
    limits: resolveLimits(options.limits),
    idleEndMs: numberOption('idleEndMs', options.idleEndMs, 3000),
    idleEnd: choiceOption('idleEnd', options.idleEnd, 'end', ['end', 'reset', 'stall']),
    sessionLifetimeMs: numberOption('sessionLifetimeMs', options.sessionLifetimeMs, 45 * 60_000),
    unknownFragment: choiceOption('unknownFragment', options.unknownFragment, 'next', ['next', 'error-tag']),
    clock: options.clock ?? systemClock,
    random: functionOption('random', options.random ?? Math.random),
  }
}

function resolveLimits(limits: EmulatorOptions['limits'] = {}): Limits {
  const resolved: Record<string, number> = {}
  for (const [name, fallback] of Object.entries(SERVICE_LIMITS)) {
    const given = limits === 'off' ? Number.POSITIVE_INFINITY : limits[name as keyof Limits]
    resolved[name] = numberOption(`limits.${name}`, given, fallback)
  }
  return resolved as Limits
}

function resolveUrl(url: string | undefined): string | undefined {
  if (url !== undefined && !URL.canParse(url)) throw new OptionError('advertisedUrl', 'be a URL', url)
  return url?.replace(/\/+$/, '')
}

function textOption(name: string, value: unknown, fallback: string, pattern: RegExp): string {
  if (value === undefined) return fallback
  const fits = typeof value === 'string' && pattern.exec(value)?.[0] === value
  if (!fits) throw new OptionError(name, `match ${pattern.source}`, value)
  return value
}
