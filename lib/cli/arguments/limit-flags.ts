import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type EmulatorOptions,
  type FragmentLimits,
  type IngestOptions,
  type Limits,
  SERVICE_FRAGMENT_LIMITS,
  SERVICE_LIMITS,
} from '../../emulator/index.ts'
import { parseDurationMs } from './numbers.ts'

/** The kinds of values that a limit's flag takes. */
type ValueKind = 'number' | 'time'

type Row<K> = { readonly setting: K; readonly flag: string; readonly help: string; readonly kind: ValueKind }

/** The service's quotas: each gets the flag `--limit-…`. A quota without a row here does not compile. */
const QUOTAS: { readonly [K in keyof Limits]: string } = {
  getMediaCallsPerSecond: 'GetMedia calls a second for each stream',
  getMediaSessions: 'open GetMedia sessions for each stream',
  bytesPerSecond: 'bytes a second in each GetMedia or GetMediaForFragmentList response',
  fragmentsPerSecond: 'fragments a second in each GetMedia session',
  getDataEndpointCallsPerSecond: 'GetDataEndpoint calls a second for each stream',
  describeStreamCallsPerSecond: 'DescribeStream calls a second for each stream',
  streamCallsPerSecond: 'calls a second of each other control operation for each stream',
  accountCallsPerSecond: 'calls a second of each control operation in a region',
  accountLookupsPerSecond: 'DescribeStream and GetDataEndpoint calls a second in a region, each',
  streams: 'streams in a region',
  fragmentMetadataPerSecond: 'points a second for each stream; ListFragments costs its MaxResults',
  fragmentMediaPerSecond: 'points a second for each stream; GetMediaForFragmentList costs its fragments',
  fragmentListSessions: 'open GetMediaForFragmentList responses for each stream',
  putMediaCallsPerSecond: 'PutMedia calls a second for each stream',
  putMediaSessions: 'open PutMedia sessions for each stream',
  putMediaBytesPerSecond: 'bytes a second in each PutMedia session',
  putMediaFragmentsPerSecond: 'fragments a second in each PutMedia session',
}

/** The limits of a PutMedia fragment: each gets the flag `--limit-fragment-…`. */
const FRAGMENT_QUOTAS: { readonly [K in keyof FragmentLimits]: [help: string, kind: ValueKind] } = {
  maxBytes: ['bytes of a fragment, else error 4001', 'number'],
  maxDurationMs: ['length of a fragment, else error 4002', 'time'],
  minDurationMs: ['length that a fragment must have, save a session’s last', 'time'],
  maxTracks: ['tracks of a fragment, else error 4012', 'number'],
  maxTags: ['tags of a fragment, else error 4009', 'number'],
}

/** Limits that are settings of their own. */
type OwnSetting = keyof Pick<
  EmulatorOptions & IngestOptions,
  | 'sessionLifetimeMs'
  | 'putSessionLifetimeMs'
  | 'putIdleAckMs'
  | 'putIdleEndMs'
  | 'bufferMs'
  | 'bufferBytes'
  | 'memoryBytes'
  | 'idleConnections'
  | 'transitionMs'
>

const OWN_SETTINGS: { readonly [K in OwnSetting]: [flag: string, help: string, fallback: string] } = {
  sessionLifetimeMs: ['session-lifetime', 'how long a GetMedia session lasts', '45m'],
  putSessionLifetimeMs: ['put-session-lifetime', 'how long a PutMedia session lasts, then error 4003', '1h'],
  putIdleAckMs: ['put-idle-ack', 'how often a silent producer gets an IDLE acknowledgement', '5s'],
  putIdleEndMs: ['put-idle-end', 'when the session of a silent producer ends', '30s'],
  bufferMs: ['buffer-time', 'how long a stream without retention keeps media', '5m'],
  bufferBytes: ['buffer-bytes', 'bytes that a stream without retention keeps', '200000000'],
  memoryBytes: [
    'memory-bytes',
    'bytes of a stream that are kept in memory, where that is the storage',
    '2000000000',
  ],
  idleConnections: ['idle-connections', 'connections without a request that are kept open', '1024'],
  transitionMs: ['transition-time', 'how long a stream stays CREATING, UPDATING or DELETING', '0ms'],
}

const QUOTA_ROWS = (Object.keys(QUOTAS) as (keyof Limits)[]).map(
  (setting): Row<keyof Limits> => ({
    ...{ setting, flag: `limit-${kebab(setting)}`, kind: 'number' },
    help: `${QUOTAS[setting]} (default: ${SERVICE_LIMITS[setting]})`,
  }),
)

const FRAGMENT_ROWS = (Object.keys(FRAGMENT_QUOTAS) as (keyof FragmentLimits)[]).map(
  (setting): Row<keyof FragmentLimits> => {
    const [help, kind] = FRAGMENT_QUOTAS[setting]
    const fallback = SERVICE_FRAGMENT_LIMITS[setting]
    const text = kind === 'time' ? `${fallback}ms` : fallback
    const flag = `limit-fragment-${kebab(setting.replace(/Ms$/, ''))}`
    return { setting, flag, kind, help: `${help} (default: ${text})` }
  },
)

const OWN_ROWS = (Object.keys(OWN_SETTINGS) as OwnSetting[]).map((setting): Row<OwnSetting> => {
  const [flag, help, fallback] = OWN_SETTINGS[setting]
  const kind = setting.endsWith('Ms') ? 'time' : 'number'
  return { setting, flag, kind, help: `${help} (default: ${fallback})` }
})

/** Adds a flag for each limit of the emulator. */
export function addLimitFlags(command: Command): Command {
  command.optionsGroup('Limits (a number, or off):')
  for (const row of [...QUOTA_ROWS, ...FRAGMENT_ROWS, ...OWN_ROWS]) command.addOption(optionOf(row))
  return command
}

/** The emulator's options from the limits' flags, as commander has parsed them. */
export function limitOptions(
  flags: Readonly<Record<string, unknown>>,
  areLimitsOn: boolean,
): Pick<EmulatorOptions, 'limits' | 'fragmentLimits'> & EmulatorOptions {
  const limits = valuesOf(QUOTA_ROWS, flags)
  const off = Object.fromEntries(Object.keys(QUOTAS).map(setting => [setting, Number.POSITIVE_INFINITY]))
  return {
    limits: areLimitsOn ? limits : { ...off, ...limits },
    fragmentLimits: valuesOf(FRAGMENT_ROWS, flags),
    ...valuesOf(OWN_ROWS, flags),
  }
}

function optionOf({ flag, help, kind }: Row<string>): Option {
  const option = new Option(`--${flag} <${kind}>`, help)
  return option.argParser(kind === 'time' ? parseLimitTime : parseLimit)
}

function valuesOf<K extends string>(
  rows: readonly Row<K>[],
  flags: Readonly<Record<string, unknown>>,
): { readonly [S in K]?: number } {
  const given = rows.flatMap(row => {
    const value = flags[new Option(`--${row.flag} <value>`).attributeName()]
    return typeof value === 'number' ? [[row.setting, value]] : []
  })
  return Object.fromEntries(given)
}

function parseLimit(text: string): number {
  if (text === 'off') return Number.POSITIVE_INFINITY
  if (/^\d{1,15}(\.\d{1,6})?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a number from 0, or off.')
}

function parseLimitTime(text: string): number {
  if (text === 'off') return Number.POSITIVE_INFINITY
  if (/^0(ms|s|m|h)?$/.test(text)) return 0
  try {
    return parseDurationMs(text)
  } catch {
    throw new InvalidArgumentError('Use a time with its unit such as 500ms, 10s, 2m or 1h, or off.')
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}
