import { GetMediaError } from '../core/errors.ts'
import type { Acknowledgement } from './acknowledgement.ts'

/**
 * The service ended a PutMedia session with an ERROR acknowledgement (PutMedia, "ErrorId"). `errorId` tells which;
 * `code` is stable. The same number has another meaning in GetMedia's tags.
 */
export class PutMediaError extends GetMediaError {
  readonly code: PutMediaErrorCode
  /** The service's number; `null` where it gave none. */
  readonly errorId: number | null
  /** The service's own text, such as `INVALID_MKV_DATA`; `null` where it gave none. */
  readonly errorCode: string | null
  /** The cluster's timestamp of the fragment that it is about. */
  readonly fragmentTimecodeMs: number | null

  constructor(acknowledgement: Acknowledgement) {
    const { errorId, errorCode, fragmentNumber, fragmentTimecodeMs } = acknowledgement
    const { code, meaning, retryable } = knownError(errorId, errorCode)
    const id = [errorId, errorCode].filter(part => part !== null).join(' ')
    const where = fragmentTimecodeMs === null ? '' : ` at the fragment of ${fragmentTimecodeMs} ms`
    super(`PutMedia: the service answered with error ${id}${where}: ${meaning}`, {
      retryable,
      fragmentNumber: fragmentNumber ?? undefined,
    })
    this.code = code
    this.errorId = errorId
    this.errorCode = errorCode
    this.fragmentTimecodeMs = fragmentTimecodeMs
  }
}

export type PutMediaErrorCode = `ERR_PUT_${keyof typeof ERRORS}` | 'ERR_PUT_UNKNOWN'

type Row = readonly [id: number, meaning: string, isRetryable?: 'retryable']

const CUT = 'send shorter fragments: begin a new Cluster more often'
const KEY = "the stream's KMS key"

/** By the service's name for it: facts of PutMedia's page and of both producer libraries. */
const ERRORS = {
  STREAM_READ_ERROR: [4000, 'it could not read the media to its end; it is sent again', 'retryable'],
  MAX_FRAGMENT_SIZE_REACHED: [4001, `a fragment has at most 50 MB; ${CUT}`],
  MAX_FRAGMENT_DURATION_REACHED: [4002, `a fragment is too long; ${CUT}`],
  MAX_CONNECTION_DURATION_REACHED: [
    4003,
    'the session has lasted as long as one may; a new one',
    'retryable',
  ],
  FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS: [
    4004,
    "a fragment's timestamps must lie behind those of the one before; a producer that begins anew begins a new document",
  ],
  MORE_THAN_ONE_TRACK_FOUND: [4005, 'send fewer tracks'],
  INVALID_MKV_DATA: [4006, 'the media is no MKV that the service takes'],
  INVALID_PRODUCER_TIMESTAMP: [
    4007,
    'check `producerStartTimestamp`, `fragmentTimecodeType` and the timestamps',
  ],
  STREAM_NOT_ACTIVE: [4008, 'the stream is not active; it was deleted, or is being made or changed'],
  FRAGMENT_METADATA_LIMIT_REACHED: [
    4009,
    'a fragment has at most 10 tags, names up to 128 and values up to 256 bytes, none that begins with AWS',
  ],
  TRACK_NUMBER_MISMATCH: [4010, 'a frame is of a track that Tracks does not declare'],
  FRAMES_MISSING_FOR_TRACK: [4011, 'every fragment must have a frame of every declared track'],
  MORE_THAN_ALLOWED_TRACKS_FOUND: [4012, 'a stream takes up to 3 tracks'],
  KMS_KEY_ACCESS_DENIED: [4500, `access to ${KEY} is denied; grant kms:GenerateDataKey`],
  KMS_KEY_DISABLED: [4501, `${KEY} is disabled; enable it`],
  KMS_KEY_VALIDATION_ERROR: [4502, `${KEY} failed validation`],
  KMS_KEY_UNAVAILABLE: [4503, `${KEY} is unavailable`],
  KMS_KEY_INVALID_USAGE: [4504, `${KEY} is not made for this use`],
  KMS_KEY_INVALID_STATE: [4505, `${KEY} is in a state that does not allow its use`],
  KMS_KEY_NOT_FOUND: [4506, `${KEY} is not found`],
  STREAM_DELETED: [4507, 'the stream was deleted'],
  INTERNAL_ERROR: [5000, 'the service failed internally; it is sent again', 'retryable'],
  ARCHIVAL_ERROR: [5001, 'the service could not store the media; it is sent again', 'retryable'],
} satisfies Record<string, Row>

type KnownError = {
  readonly code: PutMediaErrorCode
  readonly meaning: string
  readonly retryable: boolean
}

const KNOWN = new Map<number | string, KnownError>()
for (const name of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
  const [id, meaning, isRetryable]: Row = ERRORS[name]
  const error: KnownError = { code: `ERR_PUT_${name}`, meaning, retryable: isRetryable !== undefined }
  KNOWN.set(id, error)
  KNOWN.set(name, error)
}

const UNKNOWN: KnownError = {
  code: 'ERR_PUT_UNKNOWN',
  meaning: 'this error is not in the documentation; sending again may help',
  retryable: true,
}

/** By the number; by the text where there is none. */
function knownError(errorId: number | null, errorCode: string | null): KnownError {
  return KNOWN.get(errorId ?? errorCode ?? '') ?? UNKNOWN
}
