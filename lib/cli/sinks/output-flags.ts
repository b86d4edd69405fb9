import { type Command, InvalidArgumentError, Option } from 'commander'
import { OptionError } from '../../index.ts'
import { parseDurationMs } from '../arguments/numbers.ts'
import { OUTPUT_KINDS } from './kinds/index.ts'
import type { WhenSlow } from './lane.ts'

/** The flags that say where things go, shared by `convert` and `get`. */
export type OutputFlags = {
  readonly mkv?: string
  readonly mp4?: string
  readonly fragmented?: true
  readonly skipUnsupported?: true
  readonly hls?: string
  /** Milliseconds. */
  readonly hlsSegment?: number
  readonly hlsWindow?: number
  readonly wav?: string
  readonly h264?: string
  readonly h265?: string
  readonly aac?: string
  readonly pcm?: string
  readonly cues?: string
  readonly snapshots?: string
  /** Milliseconds. */
  readonly snapshotEvery?: number
  readonly tags?: string
  /** Of the outputs that take one track: its number or its name. */
  readonly track?: number | string
  readonly gaps?: 'keep' | 'close'
  /** Milliseconds. */
  readonly rotate?: number
  readonly wavLayout?: 'files' | 'stereo'
  readonly onContactChange?: 'stop' | 'split' | 'filter' | 'ignore'
  readonly contact?: string
  /** By output; those not named wait. */
  readonly whenSlow?: ReadonlyMap<string, WhenSlow>
}

const NAMES = OUTPUT_KINDS.map(({ name }) => name)

/** The flags of every output, and those that several share. */
export function addOutputFlags(command: Command): Command {
  for (const kind of OUTPUT_KINDS) kind.addFlags(command)
  return command
    .addOption(
      new Option(
        '--gaps <how>',
        'moments without media: keep them (default of --mkv and --mp4), or close them (of --hls and --fragmented)',
      ).choices(['keep', 'close']),
    )
    .option(
      '--rotate <time>',
      'with --mkv and --mp4: a new file so often, at a keyframe, such as 10m',
      parseDurationMs,
    )
    .option(
      '--track <track>',
      'with --h264, --h265, --aac, --pcm, --cues and --snapshots: its number or name (default: the first that fits)',
      parseTrack,
    )
    .option('--skip-unsupported', 'with --mp4 and --hls: leave out tracks that MP4 cannot carry')
}

/** `--when-slow mkv=drop`: for live streams, where an output need not hold the others up. */
export function addWhenSlowFlag(command: Command): Command {
  return command.option(
    '--when-slow <output=policy>',
    'an output such as mkv = wait, or drop frames up to the next keyframe; may be repeated (default: wait)',
    parseWhenSlow,
  )
}

function parseWhenSlow(text: string, before?: ReadonlyMap<string, WhenSlow>): ReadonlyMap<string, WhenSlow> {
  const [output = '', policy] = text.split('=')
  if (!NAMES.includes(output) || (policy !== 'wait' && policy !== 'drop')) {
    throw new InvalidArgumentError(
      `Use an output and a policy, such as mkv=drop; outputs are ${NAMES.join(', ')}.`,
    )
  }
  return new Map([...(before ?? []), [output, policy]])
}

/** Digits are a number; no producer names its tracks so. */
function parseTrack(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}

export function hasOutputs(flags: OutputFlags): boolean {
  return OUTPUT_KINDS.some(({ target }) => target(flags) !== undefined)
}

/** `--mkv, --mp4 … or --tags`, for messages. */
export function outputFlagNames(): string {
  const flags = NAMES.map(name => `--${name}`)
  return `${flags.slice(0, -1).join(', ')} or ${flags.at(-1)}`
}

/** Throws `OptionError`, which is exit code 2, for flags that do not go together. */
export function checkOutputFlags(flags: OutputFlags): void {
  const toStandardOutput = OUTPUT_KINDS.filter(({ target }) => target(flags) === '-')
  for (const kind of toStandardOutput) {
    if (!kind.toStandardOutput) throw new OptionError(`--${kind.name}`, 'be a directory', '-')
  }
  if (toStandardOutput.length > 1) {
    const names = toStandardOutput.map(({ name }) => `--${name}`).join(' and ')
    throw new OptionError(names, 'not both be standard output', '-')
  }
  const { mkv, mp4, fragmented, rotate } = flags
  const isFiles = (target: string | undefined) => target !== undefined && target !== '-'
  if (rotate !== undefined && !isFiles(mkv) && (!isFiles(mp4) || fragmented)) {
    throw new OptionError('--rotate', 'go with files of --mkv or --mp4', rotate)
  }
}
