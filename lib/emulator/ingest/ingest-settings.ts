import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions, numberOption } from '../../core/options.ts'

/** What a fragment of PutMedia may be; a breach is an ERROR acknowledgement. `limits: 'off'` does not lift these. */
export type FragmentLimits = {
  /** Error 4001 beyond it. @default 50_000_000 */
  readonly maxBytes: number
  /** From its first frame to its last, in milliseconds; error 4002 beyond it. @default 20_000 */
  readonly maxDurationMs: number
  /** Error MIN_FRAGMENT_DURATION_REACHED below it, save for a session's last fragment; 0 takes any. @default 0 */
  readonly minDurationMs: number
  /** Error 4012 beyond it. @default 3 */
  readonly maxTracks: number
  /** Tags of a fragment, of which an event counts as one; error 4009 beyond it. @default 10 */
  readonly maxTags: number
}

/**
 * What error 4004 is about: `'frames'`, each frame must be later than all of the fragment before, as the page says; or
 * `'timecodes'`, each Cluster's timestamp must be greater, so that sound may reach back before the last pictures.
 */
export type FragmentOrder = 'frames' | 'timecodes'

/**
 * Which fragments have the Tags that a producer sends between Info and its first Cluster: `'repeat'`, all of the session,
 * as the service repeats the header in captures of GetMedia; or `'first'`, the first one only.
 */
export type HeaderTags = 'repeat' | 'first'

/** Where media is kept: in this process's memory, or in an lmdb store on disk. */
export type StorageKind = 'memory' | 'disk'

/** The options that are about taking media in, and keeping it. */
export type IngestOptions = {
  /** Directory that keeps streams and their media, so that a restart goes on where it was. Needs `lmdb`. @default none */
  readonly dataDirectory?: string
  /**
   * `'disk'` without a `dataDirectory` makes a temporary directory, and removes it at the close.
   * @default 'disk' with a `dataDirectory`, else 'memory'
   */
  readonly storage?: StorageKind
  /** Most bytes of one stream that are kept in memory where that is its storage; the oldest go. @default 2_000_000_000 */
  readonly memoryBytes?: number
  /** How long a stream without retention keeps a fragment, in milliseconds. @default 300_000 */
  readonly bufferMs?: number
  /** How many bytes a stream without retention keeps. @default 200_000_000 */
  readonly bufferBytes?: number
  /** What a fragment of PutMedia may be, where it differs from the service's. */
  readonly fragmentLimits?: Partial<FragmentLimits>
  /** @default 'frames' */
  readonly fragmentOrder?: FragmentOrder
  /** Which fragments have the Tags before a session's first Cluster. @default 'repeat' */
  readonly headerTags?: HeaderTags
  /**
   * How long a new PutMedia session waits for the one before it to end, or to have no fragment in progress, before it is
   * refused, in milliseconds. @default 1000
   */
  readonly putHandoverMs?: number
  /** How often a silent PutMedia session is told IDLE, in milliseconds. @default 5000 */
  readonly putIdleAckMs?: number
  /** How long a PutMedia session may be silent, in milliseconds. @default 30_000 */
  readonly putIdleEndMs?: number
  /** How long a PutMedia session may last, in milliseconds; it then gets error 4003. @default 3_600_000 (an hour) */
  readonly putSessionLifetimeMs?: number
}

/** These options with everything decided. */
export type IngestSettings = Required<Omit<IngestOptions, 'dataDirectory' | 'fragmentLimits'>> & {
  readonly dataDirectory: string | undefined
  readonly fragmentLimits: FragmentLimits
}

/** The limits of the service itself. */
export const SERVICE_FRAGMENT_LIMITS: FragmentLimits = {
  maxBytes: 50_000_000,
  maxDurationMs: 20_000,
  minDurationMs: 0,
  maxTracks: 3,
  maxTags: 10,
}

/** Checks the options and decides what was left open. @throws OptionError */
export function resolveIngest(options: IngestOptions): IngestSettings {
  const { dataDirectory } = options
  const fallback = dataDirectory === undefined ? 'memory' : 'disk'
  const storage = choiceOption('storage', options.storage, fallback, ['memory', 'disk'])
  if (dataDirectory !== undefined && storage === 'memory') {
    throw new OptionError('storage', 'be "disk" with a dataDirectory', storage)
  }
  const isPath = typeof dataDirectory === 'string' && dataDirectory !== ''
  if (dataDirectory !== undefined && !isPath)
    throw new OptionError('dataDirectory', 'be a path', dataDirectory)
  return {
    dataDirectory,
    storage,
    memoryBytes: numberOption('memoryBytes', options.memoryBytes, 2_000_000_000),
    bufferMs: numberOption('bufferMs', options.bufferMs, 300_000),
    bufferBytes: numberOption('bufferBytes', options.bufferBytes, 200_000_000),
    fragmentLimits: resolveFragmentLimits(options.fragmentLimits),
    fragmentOrder: choiceOption('fragmentOrder', options.fragmentOrder, 'frames', ['frames', 'timecodes']),
    headerTags: choiceOption('headerTags', options.headerTags, 'repeat', ['repeat', 'first']),
    putHandoverMs: numberOption('putHandoverMs', options.putHandoverMs, 1000),
    putIdleAckMs: numberOption('putIdleAckMs', options.putIdleAckMs, 5000, { min: 1 }),
    putIdleEndMs: numberOption('putIdleEndMs', options.putIdleEndMs, 30_000),
    putSessionLifetimeMs: numberOption('putSessionLifetimeMs', options.putSessionLifetimeMs, 3_600_000),
  }
}

function resolveFragmentLimits(limits: Partial<FragmentLimits> = {}): FragmentLimits {
  knownOptions('`fragmentLimits`', limits, Object.keys(SERVICE_FRAGMENT_LIMITS), 'fragmentLimits.')
  const resolved: Record<string, number> = {}
  for (const [name, fallback] of Object.entries(SERVICE_FRAGMENT_LIMITS)) {
    resolved[name] = numberOption(`fragmentLimits.${name}`, limits[name as keyof FragmentLimits], fallback)
  }
  return resolved as FragmentLimits
}
