import { CommanderError } from 'commander'
import { makeProgram } from './program.ts'
import { exitCodeOf, reportError } from './report-error.ts'
import { endQuietlyOnBrokenPipe } from './terminal/broken-pipe.ts'

endQuietlyOnBrokenPipe()

try {
  await makeProgram().parseAsync()
} catch (error) {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    reportError(error)
    process.exitCode = exitCodeOf(error)
  }
}
