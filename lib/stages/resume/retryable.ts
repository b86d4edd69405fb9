import { GetMediaError } from '../../errors.ts'
import { PayloadError } from '../payload-error.ts'

/** What an attempt's failure means for the next one. */
export type FailureKind =
  /** Trying again may help. */
  | 'retry'
  /** The place to start from is refused: try the next best one. */
  | 'refused-start'
  /** Fresh credentials or a fresh endpoint, which the next attempt gets by itself, may help; but not for ever. */
  | 'refresh'
  /** No retry can mend it. */
  | 'fatal'

const NETWORK_CODES = new Set([
  ...[
    'ECONNRESET',
    'ECONNREFUSED',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
  ],
  ...['EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_SOCKET'],
])

/** Names under which the official SDK throws what may pass. */
const RETRYABLE_NAMES =
  /^(ClientLimitExceeded|ConnectionLimitExceeded|Throttling|ServiceUnavailable|InternalFailure|InternalServerError|Timeout)/

export function classifyFailure(error: Error): FailureKind {
  if (error instanceof PayloadError && error.isFragmentNotFound) return 'refused-start'
  if (!GetMediaError.is(error)) return classifyForeign(error)
  if (error.code === 'ERR_INVALID_ARGUMENT' || error.code === 'ERR_INVALID_OPTION') return 'refused-start'
  if ('refreshable' in error && error.refreshable === true) return 'refresh'
  return error.retryable ? 'retry' : 'fatal'
}

/** Errors of streams and clients that are not ours, such as the SDK's payload in place of our source. */
function classifyForeign(error: Error): FailureKind {
  const code: unknown = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && NETWORK_CODES.has(code)) return 'retry'
  if (error.name === 'InvalidArgumentException') return 'refused-start'
  if (error.name === 'NotAuthorizedException' || error.name === 'InvalidEndpointException') return 'refresh'
  if (RETRYABLE_NAMES.test(error.name)) return 'retry'
  return '$fault' in error && error.$fault === 'server' ? 'retry' : 'fatal'
}
