import { KINDS, kindOf } from '../../aws/errors/service-error-kinds.ts'
import { isAdmissionTimeout } from '../../aws/limits/admission-timeout-error.ts'
import { GetMediaError } from '../../core/errors.ts'

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

const NETWORK_CODES =
  /^(ECONN(RESET|REFUSED|ABORTED)|EPIPE|E(SOCKET)?TIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENETRESET|ENOTFOUND|EAI_AGAIN|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT)|HPE_\w+)$/

/** Sorts what an attempt failed with, whoever made the error. */
export function classifyFailure(error: Error): FailureKind {
  if (!GetMediaError.is(error)) return classifyForeign(error)
  // It may be tried again later, but the caller has said how long to wait.
  if (isAdmissionTimeout(error)) return 'fatal'
  if (isFragmentNotFound(error)) return 'refused-start'
  if (error.code === 'ERR_INVALID_ARGUMENT' || error.code === 'ERR_VALIDATION') return 'refused-start'
  if ('refreshable' in error && error.refreshable === true) return 'refresh'
  return error.retryable ? 'retry' : 'fatal'
}

/** The error tag that says so. By its code, not by `instanceof`: another copy of this package may have made it. */
export function isFragmentNotFound(error: Error): boolean {
  return GetMediaError.is(error) && error.code === 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND'
}

/** Errors of streams and clients that are not ours, such as those of the SDK's payload in place of our source. */
function classifyForeign(error: Error): FailureKind {
  if (hasNetworkCode(error) || hasNetworkCode(error.cause)) return 'retry'
  // The SDK's socket timeout, and a signal of AbortSignal.timeout().
  if (error.name === 'TimeoutError') return 'retry'
  const kind = kindOf(error.name, statusOf(error), error.message)
  if (kind === KINDS.invalidArgument || kind === KINDS.validation) return 'refused-start'
  if (kind === KINDS.invalidEndpoint || kind === KINDS.notAuthorized || kind === KINDS.expired)
    return 'refresh'
  return kind.retryable || ('$fault' in error && error.$fault === 'server') ? 'retry' : 'fatal'
}

function hasNetworkCode(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return typeof error.code === 'string' && NETWORK_CODES.test(error.code)
}

/** HTTP status of an SDK's error; 0 where it has none. */
function statusOf(error: Error): number {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
}
