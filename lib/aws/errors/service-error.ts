import type { ErrorCode } from '../../core/error-codes.ts'
import { GetMediaError } from '../../core/errors.ts'

/**
 * The service answered with an error: one class for each thing that a caller can do about it. The codes and the
 * HTTP statuses are those of the GetMedia page ("Errors") and of "Common Errors" of the Kinesis Video Streams guide.
 */
export class ServiceError extends GetMediaError {
  readonly code: ErrorCode = 'ERR_SERVICE'
  /**
   * Whether fresh credentials and a fresh endpoint may mend it. Such an error is `retryable` too, but once: after a
   * second one the cause is another.
   */
  readonly refreshable: boolean = false
}

/** More than 5 calls a second for the stream, or the account's limit: wait, then call again. */
export class ClientLimitExceededError extends ServiceError {
  override readonly code = 'ERR_CLIENT_LIMIT_EXCEEDED'
}

/** More sessions than the stream may have at once: end one, or wait until one ends. */
export class ConnectionLimitExceededError extends ServiceError {
  override readonly code = 'ERR_CONNECTION_LIMIT_EXCEEDED'
}

/** The service throttles beyond its own named limits. */
export class ThrottlingError extends ServiceError {
  override readonly code = 'ERR_THROTTLED'
}

/** The service failed (a 5xx): call again later. */
export class ServiceUnavailableError extends ServiceError {
  override readonly code = 'ERR_SERVICE_UNAVAILABLE'
}

/** A parameter's value breaks a rule of the service. */
export class InvalidArgumentError extends ServiceError {
  override readonly code = 'ERR_INVALID_ARGUMENT'
}

/** The request as a whole breaks a rule of the service. */
export class ValidationError extends ServiceError {
  override readonly code = 'ERR_VALIDATION'
}

/** The host is not, or no longer, the one for this stream and operation. */
export class InvalidEndpointError extends ServiceError {
  override readonly code = 'ERR_INVALID_ENDPOINT'
  override readonly refreshable = true
}

/** Not allowed, or the streaming token behind the endpoint has expired. */
export class NotAuthorizedError extends ServiceError {
  override readonly code = 'ERR_NOT_AUTHORIZED'
  override readonly refreshable = true
}

/** Temporary credentials, or the signature's time, are past. */
export class ExpiredTokenError extends ServiceError {
  override readonly code = 'ERR_EXPIRED_TOKEN'
  override readonly refreshable = true
}

/** The credentials are right, but their policy does not allow the call. */
export class AccessDeniedError extends ServiceError {
  override readonly code = 'ERR_ACCESS_DENIED'
}

/** The service does not accept the signature: a wrong key, a wrong region, or a wrong clock. */
export class SignatureError extends ServiceError {
  override readonly code = 'ERR_SIGNATURE'
}

/** No stream of that name in this account and region. */
export class ResourceNotFoundError extends ServiceError {
  override readonly code = 'ERR_RESOURCE_NOT_FOUND'
}
