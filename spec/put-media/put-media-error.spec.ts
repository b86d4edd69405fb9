import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PutMediaError } from '../../lib/put-media/put-media-error.ts'

const errorOf = (errorId: number | null, errorCode: string | null) =>
  new PutMediaError({
    type: 'ERROR',
    fragmentNumber: '91',
    fragmentTimecode: '160',
    fragmentTimecodeMs: 160,
    errorId,
    errorCode,
  })

/** Facts 7.4, and what the brief makes of each. */
const rows: [id: number, code: string, retryable: boolean][] = [
  [4000, 'STREAM_READ_ERROR', true],
  [4001, 'MAX_FRAGMENT_SIZE_REACHED', false],
  [4002, 'MAX_FRAGMENT_DURATION_REACHED', false],
  [4003, 'MAX_CONNECTION_DURATION_REACHED', true],
  [4004, 'FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS', false],
  [4005, 'MORE_THAN_ONE_TRACK_FOUND', false],
  [4006, 'INVALID_MKV_DATA', false],
  [4007, 'INVALID_PRODUCER_TIMESTAMP', false],
  [4008, 'STREAM_NOT_ACTIVE', false],
  [4009, 'FRAGMENT_METADATA_LIMIT_REACHED', false],
  [4010, 'TRACK_NUMBER_MISMATCH', false],
  [4011, 'FRAMES_MISSING_FOR_TRACK', false],
  [4012, 'MORE_THAN_ALLOWED_TRACKS_FOUND', false],
  [4500, 'KMS_KEY_ACCESS_DENIED', false],
  [4501, 'KMS_KEY_DISABLED', false],
  [4502, 'KMS_KEY_VALIDATION_ERROR', false],
  [4503, 'KMS_KEY_UNAVAILABLE', false],
  [4504, 'KMS_KEY_INVALID_USAGE', false],
  [4505, 'KMS_KEY_INVALID_STATE', false],
  [4506, 'KMS_KEY_NOT_FOUND', false],
  [4507, 'STREAM_DELETED', false],
  [5000, 'INTERNAL_ERROR', true],
  [5001, 'ARCHIVAL_ERROR', true],
]

describe('PutMediaError', () => {
  it('has a code for every id of the service, and says whether sending again may help', () => {
    assert.deepEqual(
      rows.map(([id]) => errorOf(id, null)).map(({ errorId, code, retryable }) => [errorId, code, retryable]),
      rows.map(([id, code, retryable]) => [id, `ERR_PUT_${code}`, retryable]),
    )
  })

  it('knows an error by its name where there is no id', () => {
    assert.deepEqual(
      rows.map(([, code]) => errorOf(null, code).code),
      rows.map(([, code]) => `ERR_PUT_${code}`),
    )
  })

  it('takes an error that nobody knows for one that may pass', () => {
    const errors = [errorOf(4999, 'NEW'), errorOf(null, null)]
    assert.deepEqual(
      errors.map(({ code, retryable, errorCode }) => [code, retryable, errorCode]),
      [
        ['ERR_PUT_UNKNOWN', true, 'NEW'],
        ['ERR_PUT_UNKNOWN', true, null],
      ],
    )
  })

  it('says what happened, to which fragment, and what to do', () => {
    const { message, fragmentNumber } = errorOf(4011, 'FRAMES_MISSING_FOR_TRACK')
    assert.equal(
      message,
      'PutMedia: the service answered with error 4011 FRAMES_MISSING_FOR_TRACK at the fragment of 160 ms: ' +
        'every fragment must have a frame of every declared track',
    )
    assert.equal(fragmentNumber, '91')
  })
})
