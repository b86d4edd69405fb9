import { GetMediaError } from '../../core/errors.ts'

/** The connection could not be made, or broke: `cause` is Node's own error. */
export class ConnectionError extends GetMediaError {
  readonly code = 'ERR_CONNECTION'
}

export type TimeoutCode = 'ERR_CONNECT_TIMEOUT' | 'ERR_RESPONSE_TIMEOUT' | 'ERR_IDLE_TIMEOUT'

/** Nothing came in time: no connection, no answer, or no more bytes of a body. Retryable. */
export class TimeoutError extends GetMediaError {
  readonly code: TimeoutCode
  /** The limit that was reached, in milliseconds. */
  readonly timeoutMs: number

  constructor(code: TimeoutCode, message: string, timeoutMs: number) {
    super(message, { retryable: true })
    this.code = code
    this.timeoutMs = timeoutMs
  }
}

/**
 * What the network said, as our error. `what` opens the message: "GetMedia: the connection to HOST failed".
 * Got's errors are taken apart, never handed on: their `options` hold the Authorization header.
 */
export function connectionErrorOf(what: string, error: unknown): ConnectionError {
  const cause = originalOf(error)
  const code = codeOf(cause)
  return new ConnectionError(`${what} (${reasonOf(cause, code)}); ${hintFor(code)}`, {
    cause,
    // Neither a certificate nor an address that is none gets better by trying again.
    retryable: !/CERT|SELF_SIGNED|ERR_TLS|ERR_INVALID|UNABLE_TO/.test(code ?? ''),
  })
}

function reasonOf(cause: unknown, code: string | undefined): string {
  // Several addresses of one name that all failed: Node's error has no message of its own.
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  const text = errors.map(error => (error instanceof Error ? error.message : String(error))).join(', ')
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`
}

/** Below got's error lies Node's. */
function originalOf(error: unknown): unknown {
  const isGots = error instanceof Error && 'options' in error && error.cause instanceof Error
  return isGots ? error.cause : error
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

function hintFor(code: string | undefined): string {
  if (code === 'ENOTFOUND') return 'check the region and the endpoint, and that names are resolved here'
  if (code === 'ECONNREFUSED') return 'check the endpoint, and that a server listens there'
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code ?? ''))
    return 'the certificate of the endpoint is not trusted here'
  return 'connect again'
}
