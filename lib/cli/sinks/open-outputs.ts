import { exitCodeOf, raiseExitCode } from '../exit-code.ts'
import { reportError } from '../report-error.ts'
import { FanOut } from './fan-out.ts'
import { OUTPUT_KINDS } from './kinds/index.ts'
import { checkOutputFlags, type OutputFlags } from './output-flags.ts'
import type { TellFile } from './output-kind.ts'

/**
 * The outputs that the flags ask for, as one. Throws `OptionError` for flags that do not go together. One that fails later is
 * told of on standard error and by the exit code.
 */
export function openOutputs(flags: OutputFlags, tell: TellFile): FanOut {
  checkOutputFlags(flags)
  const wanted = OUTPUT_KINDS.filter(({ target }) => target(flags) !== undefined)
  return new FanOut(
    wanted.map(kind => [kind.open(flags, tell), flags.whenSlow?.get(kind.name) ?? 'wait']),
    failOutput,
  )
}

function failOutput(output: string, error: Error): void {
  reportError(error, `--${output}`)
  raiseExitCode(exitCodeOf(error))
}
