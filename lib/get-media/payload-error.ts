import { GetMediaError } from '../core/errors.ts'

/**
 * An error that the service put into the payload of a 200 answer, as AWS_KINESISVIDEO_ERROR_ID and _ERROR_CODE tags
 * (GetMedia, "The following tags will be present if an error occurs"). `errorId` tells which; `code` is stable.
 */
export class PayloadError extends GetMediaError {
  readonly code: PayloadErrorCode
  /** The service's number; `null` where it gave none. */
  readonly errorId: number | null
  /** The service's own text, such as `FRAGMENT_NOT_FOUND`; `null` where it gave none. */
  readonly errorCode: string | null

  constructor(errorId: number | null, errorCode: string | null, fragmentNumber: string | null) {
    const { code, meaning, retryable } = knownError(errorId, errorCode)
    const id = [errorId, errorCode].filter(part => part !== null).join(' ')
    const where = fragmentNumber === null ? '' : ` at fragment ${fragmentNumber}`
    super(`the service ended the media with error ${id}${where}: ${meaning}`, {
      retryable,
      fragmentNumber: fragmentNumber ?? undefined,
    })
    this.code = code
    this.errorId = errorId
    this.errorCode = errorCode
  }

  /** True where the requested fragment is not there: asking for it again is in vain. */
  get isFragmentNotFound(): boolean {
    return this.code === 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND'
  }
}

export type PayloadErrorCode =
  | 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND'
  | 'ERR_PAYLOAD_STREAM_WRITE'
  | 'ERR_PAYLOAD_KMS_ACCESS_DENIED'
  | 'ERR_PAYLOAD_KMS_DISABLED'
  | 'ERR_PAYLOAD_KMS_VALIDATION'
  | 'ERR_PAYLOAD_KMS_UNAVAILABLE'
  | 'ERR_PAYLOAD_KMS_INVALID_USAGE'
  | 'ERR_PAYLOAD_KMS_INVALID_STATE'
  | 'ERR_PAYLOAD_KMS_NOT_FOUND'
  | 'ERR_PAYLOAD_INTERNAL'
  | 'ERR_PAYLOAD_UNKNOWN'

type KnownError = { readonly code: PayloadErrorCode; readonly meaning: string; readonly retryable: boolean }

const NOT_FOUND: KnownError = {
  code: 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND',
  meaning: 'the requested fragment is not found; start from a time, or from EARLIEST',
  retryable: false,
}

const KNOWN_ERRORS: Readonly<Record<number, KnownError>> = {
  // Not in GetMedia's list, but sent by GetMediaForFragmentList for the same cause.
  3000: NOT_FOUND,
  3002: {
    code: 'ERR_PAYLOAD_STREAM_WRITE',
    meaning: 'writing to the stream failed; try again',
    retryable: true,
  },
  4000: NOT_FOUND,
  4500: kms('ERR_PAYLOAD_KMS_ACCESS_DENIED', "access to the stream's KMS key is denied; grant kms:Decrypt"),
  4501: kms('ERR_PAYLOAD_KMS_DISABLED', "the stream's KMS key is disabled; enable it"),
  4502: kms('ERR_PAYLOAD_KMS_VALIDATION', "the stream's KMS key failed validation"),
  4503: kms('ERR_PAYLOAD_KMS_UNAVAILABLE', "the stream's KMS key is unavailable"),
  4504: kms('ERR_PAYLOAD_KMS_INVALID_USAGE', "the stream's KMS key is not made for this use"),
  4505: kms(
    'ERR_PAYLOAD_KMS_INVALID_STATE',
    "the stream's KMS key is in a state that does not allow its use",
  ),
  4506: kms('ERR_PAYLOAD_KMS_NOT_FOUND', "the stream's KMS key is not found"),
  5000: {
    code: 'ERR_PAYLOAD_INTERNAL',
    meaning: 'the service failed internally; try again',
    retryable: true,
  },
}

const UNKNOWN: KnownError = {
  code: 'ERR_PAYLOAD_UNKNOWN',
  meaning: 'this error is not in the documentation; trying again may help',
  retryable: true,
}

function kms(code: PayloadErrorCode, meaning: string): KnownError {
  return { code, meaning, retryable: false }
}

function knownError(errorId: number | null, errorCode: string | null): KnownError {
  if (errorId === null && errorCode === 'FRAGMENT_NOT_FOUND') return NOT_FOUND
  return (errorId === null ? undefined : KNOWN_ERRORS[errorId]) ?? UNKNOWN
}
