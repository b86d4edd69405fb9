import { GetMediaError } from '../index.ts'

/**
 * One line on standard error for what getmedia raises on purpose; the whole stack for what is a bug. `where` is the flag of
 * the output that failed.
 */
export function reportError(error: unknown, where?: string): void {
  const from = where === undefined ? 'getmedia' : `getmedia: ${where}`
  if (GetMediaError.is(error)) {
    const id = error.requestId === undefined ? '' : ` (request ${error.requestId})`
    process.stderr.write(`${from}: ${error.message}${id}\n`)
  } else if (error instanceof Error && 'syscall' in error) {
    process.stderr.write(`${from}: ${error.message}\n`)
  } else {
    console.error(error)
  }
}
