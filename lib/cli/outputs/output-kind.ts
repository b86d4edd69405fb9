import type { Command } from 'commander'
import type { Outlet } from './outlet.ts'
import type { OutputFlags } from './output-flags.ts'

/** Told of each file that has its name, in words. */
export type TellFile = (text: string) => void

/** One kind of output: its flags, and how what they ask for is opened. */
export type OutputKind = {
  /** As in its flag, and in `--when-slow`. */
  readonly name: string
  /** Adds its flags, `--NAME` first. */
  readonly addFlags: (command: Command) => void
  /** What its flag says: a file or a directory, or `-` for standard output; `undefined` where it is not asked for. */
  readonly target: (flags: OutputFlags) => string | undefined
  /** Whether its flag may be `-`. */
  readonly toStandardOutput: boolean
  /** Opens nothing on disk before there is something to write. */
  readonly open: (flags: OutputFlags, tell: TellFile) => Outlet
}
