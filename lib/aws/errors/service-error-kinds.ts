import type { ErrorDetails } from '../../core/errors.ts'
import {
  AccessDeniedError,
  ClientLimitExceededError,
  ConnectionLimitExceededError,
  ExpiredTokenError,
  InvalidArgumentError,
  InvalidEndpointError,
  NotAuthorizedError,
  ResourceNotFoundError,
  ServiceError,
  ServiceUnavailableError,
  SignatureError,
  ThrottlingError,
  ValidationError,
} from './service-error.ts'

/** Which names and statuses become which class, whether to call again, and what to tell the caller. */

export type ServiceErrorKind = {
  readonly make: new (message: string, details?: ErrorDetails) => ServiceError
  readonly retryable: boolean
  /** What to do next. */
  readonly hint: string
}

export const KINDS = {
  clientLimit: {
    make: ClientLimitExceededError,
    retryable: true,
    hint: 'call again later: a stream takes 5 calls a second',
  },
  connectionLimit: {
    make: ConnectionLimitExceededError,
    retryable: true,
    hint: 'the stream has all the sessions that it may have; end one or wait until one ends',
  },
  throttled: { make: ThrottlingError, retryable: true, hint: 'call again later' },
  unavailable: { make: ServiceUnavailableError, retryable: true, hint: 'call again later' },
  invalidArgument: {
    make: InvalidArgumentError,
    retryable: false,
    hint: 'check the stream and the start selector',
  },
  validation: {
    make: ValidationError,
    retryable: false,
    hint: 'the service does not accept the request as it stands',
  },
  invalidEndpoint: {
    make: InvalidEndpointError,
    retryable: true,
    hint: 'ask GetDataEndpoint with APIName GET_MEDIA for the endpoint of the stream, and call that',
  },
  notAuthorized: {
    make: NotAuthorizedError,
    retryable: true,
    hint: 'fresh credentials and a fresh endpoint may help; if not, the policy must allow kinesisvideo:GetMedia and kinesisvideo:GetDataEndpoint on the stream',
  },
  expired: {
    make: ExpiredTokenError,
    retryable: true,
    hint: 'fresh credentials may help; also check the local clock, which may differ by 15 minutes at most',
  },
  accessDenied: {
    make: AccessDeniedError,
    retryable: false,
    hint: 'the policy must allow kinesisvideo:GetMedia and kinesisvideo:GetDataEndpoint on the stream',
  },
  signature: {
    make: SignatureError,
    retryable: false,
    hint: 'check the secret key, the region, and the local clock, which may differ by 15 minutes at most',
  },
  unknownKey: {
    make: SignatureError,
    retryable: false,
    hint: 'the service does not know the access key or its session token; check the credentials and the region',
  },
  notFound: {
    make: ResourceNotFoundError,
    retryable: false,
    hint: 'check the name of the stream, the region and the account',
  },
  other: { make: ServiceError, retryable: false, hint: 'the request is not to be repeated as it is' },
} satisfies Record<string, ServiceErrorKind>

/** By the name without `Exception`, in lower case. */
const BY_NAME: ReadonlyMap<string, ServiceErrorKind> = new Map(
  (
    [
      [KINDS.clientLimit, 'ClientLimitExceeded'],
      [KINDS.connectionLimit, 'ConnectionLimitExceeded'],
      // The names that the AWS SDKs count as throttles.
      [
        KINDS.throttled,
        'Throttling Throttled RequestThrottled RequestLimitExceeded TooManyRequests LimitExceeded SlowDown BandwidthLimitExceeded ProvisionedThroughputExceeded EC2Throttled',
      ],
      [
        KINDS.unavailable,
        'ServiceUnavailable InternalFailure InternalError InternalServer InternalServerError InternalService InternalServiceError ServiceFailure RequestTimeout',
      ],
      [KINDS.invalidArgument, 'InvalidArgument InvalidResourceFormat'],
      [
        KINDS.validation,
        'Validation ValidationError Serialization MissingParameter MissingAction InvalidAction InvalidParameterValue InvalidParameterCombination InvalidQueryParameter MalformedQueryString UnknownOperation',
      ],
      [KINDS.invalidEndpoint, 'InvalidEndpoint'],
      [KINDS.notAuthorized, 'NotAuthorized'],
      [KINDS.expired, 'ExpiredToken RequestExpired TokenRefreshRequired'],
      [KINDS.accessDenied, 'AccessDenied OptInRequired UnauthorizedOperation'],
      [
        KINDS.signature,
        'InvalidSignature SignatureDoesNotMatch IncompleteSignature RequestTimeTooSkewed AuthFailure',
      ],
      [
        KINDS.unknownKey,
        'MissingAuthenticationToken UnrecognizedClient InvalidClientTokenId InvalidAccessKeyId',
      ],
      [KINDS.notFound, 'ResourceNotFound'],
    ] as const
  ).flatMap(([kind, names]) => names.split(' ').map(name => [name.toLowerCase(), kind] as const)),
)

/** How the control host answers a GetMedia call: it cannot tell which operation it is. */
export const WRONG_HOST = /unable to determine service\/operation name/i

/** By what the message says of the host, else by the exception's name, else by the status. */
export function kindOf(errorType: string | undefined, statusCode: number, text: string): ServiceErrorKind {
  if (WRONG_HOST.test(text)) return KINDS.invalidEndpoint
  const byName = errorType && BY_NAME.get(errorType.replace(/Exception$/, '').toLowerCase())
  return byName || kindOfStatus(statusCode)
}

function kindOfStatus(statusCode: number): ServiceErrorKind {
  if (statusCode >= 500 || statusCode === 408) return KINDS.unavailable
  if (statusCode === 429) return KINDS.throttled
  if (statusCode === 401) return KINDS.notAuthorized
  if (statusCode === 403) return KINDS.accessDenied
  if (statusCode === 404) return KINDS.notFound
  return KINDS.other
}
