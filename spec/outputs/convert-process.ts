/** `getmedia convert` in a process of its own, with the exit codes of the whole command line. */
import { CommanderError } from 'commander'
import { convertCommand } from '../../lib/cli/commands/convert.ts'
import { EXIT_CODES, exitCodeOf, raiseExitCode } from '../../lib/cli/exit-code.ts'
import { reportError } from '../../lib/cli/report-error.ts'

try {
  await convertCommand().exitOverride().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) raiseExitCode(EXIT_CODES.wrongUsage)
  } else {
    reportError(error)
    raiseExitCode(exitCodeOf(error))
  }
}
