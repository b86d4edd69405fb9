import { OptionError } from '../index.ts'

/** The exit codes of the command line. A program may rely on them. */
export const EXIT_CODES = { done: 0, failed: 1, wrongUsage: 2, mediaMissing: 3 } as const

type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]

/** From the weakest statement to the strongest: a failure is not hidden by media that are also missing. */
const PRECEDENCE: readonly ExitCode[] = [
  EXIT_CODES.done,
  EXIT_CODES.mediaMissing,
  EXIT_CODES.failed,
  EXIT_CODES.wrongUsage,
]

/** Sets the exit code of the process, unless a stronger one is set already. */
export function raiseExitCode(code: ExitCode): void {
  const current = PRECEDENCE.indexOf((process.exitCode ?? EXIT_CODES.done) as ExitCode)
  if (PRECEDENCE.indexOf(code) > current) process.exitCode = code
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof OptionError ? EXIT_CODES.wrongUsage : EXIT_CODES.failed
}
