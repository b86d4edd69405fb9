import { EXIT_CODES, exitCodeOf, raiseExitCode } from '../exit-code.ts'
import { reportError } from '../report-error.ts'
import { FanOut } from './fan-out.ts'
import { OUTPUT_KINDS } from './kinds/index.ts'
import { checkOutputFlags, type OutputFlags } from './output-flags.ts'
import type { TellFile } from './output-kind.ts'
import type { OutputReports } from './output-reports.ts'

/**
 * The outputs that the flags ask for, as one. Throws `OptionError` for flags that do not go together. One that fails later, or
 * leaves media out, says so on standard error and by the exit code.
 */
export function openOutputs(flags: OutputFlags, tell: TellFile): FanOut {
  checkOutputFlags(flags)
  const wanted = OUTPUT_KINDS.filter(({ target }) => target(flags) !== undefined)
  return new FanOut(
    wanted.map(kind => [kind.open(flags, tell), flags.whenSlow?.get(kind.name) ?? 'wait']),
    REPORTS,
  )
}

const REPORTS: OutputReports = {
  failed: (output, error) => {
    reportError(error, `--${output}`)
    raiseExitCode(exitCodeOf(error))
  },
  missing: (output, text) => {
    process.stderr.write(`getmedia: --${output}: ${text}\n`)
    raiseExitCode(EXIT_CODES.mediaMissing)
  },
  empty: output => {
    process.stderr.write(`getmedia: --${output}: the stream brought no frames, so nothing was written\n`)
  },
}
