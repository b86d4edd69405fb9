/** HTTP status of each exception; what is not listed is 400. */
const STATUS_CODES: Readonly<Record<string, number>> = {
  NotAuthorizedException: 401,
  ResourceNotFoundException: 404,
  AccessDeniedException: 403,
  InvalidClientTokenId: 403,
  InvalidSignatureException: 403,
  MissingAuthenticationToken: 403,
  OptInRequired: 403,
  RequestEntityTooLargeException: 413,
  InternalFailure: 500,
  ServiceUnavailable: 503,
}

/** An answer that is an exception of the API: thrown by an operation, sent by the HTTP server. */
export class ServiceException extends Error {
  /** The name on the wire, such as `ResourceNotFoundException`. */
  readonly errorType: string
  readonly statusCode: number

  constructor(errorType: string, message: string, statusCode: number = statusCodeOf(errorType)) {
    super(message)
    this.name = errorType
    this.errorType = errorType
    this.statusCode = statusCode
  }
}

/** The HTTP status that goes with an exception's name. */
export function statusCodeOf(errorType: string): number {
  return STATUS_CODES[errorType] ?? 400
}

/** An argument is missing or breaks its rule. */
export function invalidArgument(message: string): ServiceException {
  return new ServiceException('InvalidArgumentException', message)
}

/** What the front end answers to a path or a method that is no operation: the same as the real one on a wrong host. */
export function unknownOperation(): ServiceException {
  return new ServiceException(
    'AccessDeniedException',
    'Unable to determine service/operation name to be authorized',
  )
}

/** Calls above the rate of a stream; the text was seen from the real service. */
export function tooManyCalls(operation: string, resource: string): ServiceException {
  return new ServiceException(
    'ClientLimitExceededException',
    `Limit exceeded on number of requests for ${operation} API for resource '${resource}'`,
  )
}

/** More open bodies than a stream may have; the newest is refused. */
export function tooManySessions(operation: string, resource: string): ServiceException {
  return new ServiceException(
    'ConnectionLimitExceededException',
    `Limit exceeded on number of connections for ${operation} API for resource '${resource}'`,
  )
}
