import { MkvLimitError, MkvSyntaxError } from '../../core/errors.ts'

/** The errors that a PutMedia session tells of in an acknowledgement. */
export const PUT_MEDIA_ERRORS = {
  STREAM_READ_ERROR: 4000,
  MAX_FRAGMENT_SIZE_REACHED: 4001,
  MAX_FRAGMENT_DURATION_REACHED: 4002,
  MAX_CONNECTION_DURATION_REACHED: 4003,
  FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS: 4004,
  MORE_THAN_ONE_TRACK_FOUND: 4005,
  INVALID_MKV_DATA: 4006,
  INVALID_PRODUCER_TIMESTAMP: 4007,
  STREAM_NOT_ACTIVE: 4008,
  FRAGMENT_METADATA_LIMIT_REACHED: 4009,
  TRACK_NUMBER_MISMATCH: 4010,
  FRAMES_MISSING_FOR_TRACK: 4011,
  MORE_THAN_ALLOWED_TRACKS_FOUND: 4012,
  // The quotas page names it and gives no number: this one is ours.
  MIN_FRAGMENT_DURATION_REACHED: 4013,
  KMS_KEY_ACCESS_DENIED: 4500,
  KMS_KEY_DISABLED: 4501,
  KMS_KEY_VALIDATION_ERROR: 4502,
  KMS_KEY_UNAVAILABLE: 4503,
  KMS_KEY_INVALID_USAGE: 4504,
  KMS_KEY_INVALID_STATE: 4505,
  KMS_KEY_NOT_FOUND: 4506,
  STREAM_DELETED: 4507,
  INTERNAL_ERROR: 5000,
  ARCHIVAL_ERROR: 5001,
} as const

/** The name of an error. */
export type PutMediaErrorCode = keyof typeof PUT_MEDIA_ERRORS

/** Ends a PutMedia session with an ERROR acknowledgement. */
export class PutMediaError extends Error {
  readonly errorCode: PutMediaErrorCode

  constructor(errorCode: PutMediaErrorCode, message: string) {
    super(message)
    this.name = 'PutMediaError'
    this.errorCode = errorCode
  }
}

/** An error of the MKV reader as the service tells of it; others stay as they are. */
export function toPutMediaError(error: unknown): unknown {
  if (error instanceof MkvSyntaxError) return new PutMediaError('INVALID_MKV_DATA', error.message)
  if (!(error instanceof MkvLimitError)) return error
  const code =
    error.option === 'maxFrameBytes'
      ? 'MAX_FRAGMENT_SIZE_REACHED'
      : error.elementPath.includes('SimpleTag')
        ? 'FRAGMENT_METADATA_LIMIT_REACHED'
        : 'INVALID_MKV_DATA'
  return new PutMediaError(code, error.message)
}
