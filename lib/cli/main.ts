import { CommanderError } from 'commander'
import { EXIT_CODES, exitCodeOf, raiseExitCode } from './exit-code.ts'
import { makeProgram } from './program.ts'
import { reportError } from './report-error.ts'
import { endQuietlyOnBrokenPipe } from './terminal/broken-pipe.ts'

endQuietlyOnBrokenPipe()

try {
  await makeProgram().parseAsync()
} catch (error) {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) raiseExitCode(EXIT_CODES.wrongUsage)
  } else {
    reportError(error)
    raiseExitCode(exitCodeOf(error))
  }
}
