import { GetMediaError, OptionError } from '../index.ts'

const FAILED = 1
const WRONG_USAGE = 2

export function exitCodeOf(error: unknown): number {
  return error instanceof OptionError ? WRONG_USAGE : FAILED
}

/** One line on standard error for what getmedia raises on purpose; the whole stack for what is a bug. */
export function reportError(error: unknown): void {
  if (GetMediaError.is(error)) {
    const id = error.requestId === undefined ? '' : ` (request ${error.requestId})`
    process.stderr.write(`getmedia: ${error.message}${id}\n`)
  } else if (error instanceof Error && 'syscall' in error) {
    process.stderr.write(`getmedia: ${error.message}\n`)
  } else {
    console.error(error)
  }
}
