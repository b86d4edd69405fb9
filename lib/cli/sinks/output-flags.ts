import { type Command, InvalidArgumentError, Option } from 'commander'
import { OptionError } from '../../index.ts'
import { parseDurationMs } from '../arguments/numbers.ts'
import type { WhenSlow } from './lane.ts'

/** The flags that say where things go, shared by `convert` and `get`. */
export type OutputFlags = {
  readonly mkv?: string
  readonly wav?: string
  readonly tags?: string
  readonly gaps?: 'keep' | 'close'
  /** Milliseconds. */
  readonly rotate?: number
  readonly wavLayout?: 'files' | 'stereo'
  readonly onContactChange?: 'stop' | 'split' | 'filter' | 'ignore'
  readonly contact?: string
  /** By output; those not named wait. */
  readonly whenSlow?: ReadonlyMap<string, WhenSlow>
}

export function addOutputFlags(command: Command): Command {
  return command
    .option(
      '--mkv <file>',
      'one playable Matroska file; {time}, {date}, {fragment} and {index} stand for its facts',
    )
    .option('--wav <directory>', 'WAV files of the speakers of a call')
    .option(
      '--tags <file>',
      "every fragment's tags, as CSV where the name ends in .csv, else as lines of JSON",
    )
    .addOption(
      new Option('--gaps <how>', 'with --mkv: moments without media (default: keep)').choices([
        'keep',
        'close',
      ]),
    )
    .option('--rotate <time>', 'with --mkv: a new file so often, at a keyframe, such as 10m', parseDurationMs)
    .addOption(
      new Option('--wav-layout <layout>', 'one file a speaker, or one of both (default: files)').choices([
        'files',
        'stereo',
      ]),
    )
    .option('--contact <id>', 'with --wav: the ContactId of the call (default: the first)')
    .addOption(
      new Option(
        '--on-contact-change <what>',
        'with --wav: when another call begins (default: stop)',
      ).choices([...['stop', 'split', 'filter', 'ignore']]),
    )
}

/** `--when-slow mkv=drop`: for live streams, where an output need not hold the others up. */
export function addWhenSlowFlag(command: Command): Command {
  return command.option(
    '--when-slow <output=policy>',
    'mkv, wav or tags = wait, or drop frames up to the next keyframe; may be repeated (default: wait)',
    parseWhenSlow,
  )
}

function parseWhenSlow(text: string, before?: ReadonlyMap<string, WhenSlow>): ReadonlyMap<string, WhenSlow> {
  const [, output, policy] = /^(mkv|wav|tags)=(wait|drop)$/.exec(text) ?? []
  if (output === undefined) throw new InvalidArgumentError('Use an output and a policy, such as mkv=drop.')
  return new Map([...(before ?? []), [output, policy as WhenSlow]])
}

export function hasOutputs({ mkv, wav, tags }: OutputFlags): boolean {
  return mkv !== undefined || wav !== undefined || tags !== undefined
}

/** Throws `OptionError`, which is exit code 2, for flags that do not go together. */
export function checkOutputFlags(flags: OutputFlags): void {
  if (flags.wav === '-') throw new OptionError('--wav', 'be a directory', '-')
  if (flags.mkv === '-' && flags.tags === '-') {
    throw new OptionError('--mkv and --tags', 'not both be standard output', '-')
  }
  if (flags.mkv === '-' && flags.rotate !== undefined) {
    throw new OptionError('--rotate', 'go with a file, not with standard output', flags.rotate)
  }
}
