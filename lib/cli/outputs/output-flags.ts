import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { OptionError } from '../../index.ts'
import { parseDurationMs } from '../arguments/numbers.ts'
import { OUTPUT_KINDS } from './kinds/index.ts'
import type { WhenSlow } from './lane.ts'
import type { OutputKind } from './output-kind.ts'

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
  readonly hlsContinue?: true
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
  /** Milliseconds. */
  readonly wavJitter?: number
  readonly onContactChange?: 'stop' | 'split' | 'filter' | 'ignore'
  readonly contact?: string
  /** By output; those not named wait. */
  readonly whenSlow?: ReadonlyMap<string, WhenSlow>
}

/** Flags that say how, and the outputs of which they say it. */
const MODIFIERS = {
  fragmented: ['--fragmented', 'mp4'],
  skipUnsupported: ['--skip-unsupported', 'mp4', 'hls'],
  hlsSegment: ['--hls-segment', 'hls'],
  hlsWindow: ['--hls-window', 'hls'],
  hlsContinue: ['--hls-continue', 'hls'],
  wavLayout: ['--wav-layout', 'wav'],
  wavJitter: ['--wav-jitter', 'wav'],
  onContactChange: ['--on-contact-change', 'wav'],
  contact: ['--contact', 'wav'],
  snapshotEvery: ['--snapshot-every', 'snapshots'],
  track: ['--track', 'h264', 'h265', 'aac', 'pcm', 'cues', 'snapshots'],
  gaps: ['--gaps', 'mkv', 'mp4', 'hls', 'cues'],
} as const satisfies { readonly [flag in keyof OutputFlags]?: readonly [flag: string, ...string[]] }

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

/** The names of the outputs that are asked for. */
export function givenOutputs(flags: OutputFlags): readonly string[] {
  return OUTPUT_KINDS.filter(({ target }) => target(flags) !== undefined).map(({ name }) => name)
}

export function hasOutputs(flags: OutputFlags): boolean {
  return givenOutputs(flags).length > 0
}

/** `--mkv, --mp4 … or --tags`, for messages. */
export function outputFlagNames(names: readonly string[] = NAMES): string {
  const flags = names.map(name => `--${name}`)
  return flags.length === 1 ? flags[0]! : `${flags.slice(0, -1).join(', ')} or ${flags.at(-1)}`
}

/** What a flag would say nothing of is more likely a mistake than a wish. */
function checkModifiers(flags: OutputFlags): void {
  const isGiven = (name: string) =>
    OUTPUT_KINDS.some(kind => kind.name === name && kind.target(flags) !== undefined)
  for (const [key, [flag, ...outputs]] of Object.entries(MODIFIERS)) {
    const value = flags[key as keyof typeof MODIFIERS]
    if (value === undefined || outputs.some(isGiven)) continue
    throw new OptionError(flag, `go with ${outputFlagNames(outputs)}; it says nothing of other outputs`)
  }
  const idle = [...(flags.whenSlow?.keys() ?? [])].find(name => !isGiven(name))
  if (idle !== undefined) throw new OptionError('--when-slow', `go with --${idle}, which it names`)
}

/** The last of two outputs to be finished would take the other's place. */
function checkPaths(flags: OutputFlags): void {
  const kindOf = new Map<string, OutputKind>()
  for (const kind of OUTPUT_KINDS) {
    const target = kind.target(flags)
    if (target === undefined || target === '-') continue
    const other = kindOf.get(resolve(target))
    // Directories may be shared: the names in them differ.
    if (other !== undefined && (other.toStandardOutput || kind.toStandardOutput)) {
      throw new OptionError(`--${other.name} and --${kind.name}`, 'not both write to the same place', target)
    }
    kindOf.set(resolve(target), kind)
  }
}

/** Throws `OptionError` where an output would take the place of the file that is read. */
export function checkIsNotInput(flags: OutputFlags, input: string): void {
  if (input === '-') return
  for (const { name, target } of OUTPUT_KINDS) {
    const path = target(flags)
    if (path !== undefined && path !== '-' && resolve(path) === resolve(input))
      throw new OptionError(`--${name}`, 'not be the file that is read', path)
  }
}

/** Throws `OptionError`, which is exit code 2, for flags that do not go together. */
export function checkOutputFlags(flags: OutputFlags): void {
  const toStandardOutput = OUTPUT_KINDS.filter(({ target }) => target(flags) === '-')
  for (const kind of toStandardOutput) {
    if (!kind.toStandardOutput) throw new OptionError(`--${kind.name}`, 'be a directory', '-')
  }
  checkModifiers(flags)
  checkPaths(flags)
  if (toStandardOutput.length > 1) {
    const names = toStandardOutput.map(({ name }) => `--${name}`).join(' and ')
    throw new OptionError(names, 'not both be standard output (-)')
  }
  const { mkv, mp4, fragmented, rotate } = flags
  const isFiles = (target: string | undefined) => target !== undefined && target !== '-'
  if (rotate !== undefined && !isFiles(mkv) && (!isFiles(mp4) || fragmented)) {
    throw new OptionError('--rotate', 'go with files of --mkv or --mp4')
  }
}
