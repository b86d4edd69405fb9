/** `getmedia convert` in a process of its own, with the exit codes of the whole command line. */
import { CommanderError } from 'commander'
import { convertCommand } from '../../lib/cli/commands/convert.ts'
import { exitCodeOf, reportError } from '../../lib/cli/report-error.ts'

try {
  await convertCommand().exitOverride().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    reportError(error)
    process.exitCode = exitCodeOf(error)
  }
}
