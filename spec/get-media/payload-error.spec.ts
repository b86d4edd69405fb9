import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GetMediaError } from '../../lib/core/errors.ts'
import { PayloadError } from '../../lib/get-media/payload-error.ts'

describe('PayloadError', () => {
  const cases: [errorId: number | null, errorCode: string | null, code: string, retryable: boolean][] = [
    [3000, 'FRAGMENT_NOT_FOUND', 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND', false],
    [3002, null, 'ERR_PAYLOAD_STREAM_WRITE', true],
    [4000, 'FRAGMENT_NOT_FOUND', 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND', false],
    [4500, null, 'ERR_PAYLOAD_KMS_ACCESS_DENIED', false],
    [4501, null, 'ERR_PAYLOAD_KMS_DISABLED', false],
    [4502, null, 'ERR_PAYLOAD_KMS_VALIDATION', false],
    [4503, null, 'ERR_PAYLOAD_KMS_UNAVAILABLE', false],
    [4504, null, 'ERR_PAYLOAD_KMS_INVALID_USAGE', false],
    [4505, null, 'ERR_PAYLOAD_KMS_INVALID_STATE', false],
    [4506, null, 'ERR_PAYLOAD_KMS_NOT_FOUND', false],
    [5000, 'INTERNAL_ERROR', 'ERR_PAYLOAD_INTERNAL', true],
    [9999, 'NEW', 'ERR_PAYLOAD_UNKNOWN', true],
    [-1, null, 'ERR_PAYLOAD_UNKNOWN', true],
    [null, 'FRAGMENT_NOT_FOUND', 'ERR_PAYLOAD_FRAGMENT_NOT_FOUND', false],
    [null, 'SOMETHING', 'ERR_PAYLOAD_UNKNOWN', true],
    [null, 'constructor', 'ERR_PAYLOAD_UNKNOWN', true],
  ]
  for (const [errorId, errorCode, code, retryable] of cases) {
    it(`${errorId} ${errorCode} is ${code}`, () => {
      const error = new PayloadError(errorId, errorCode, '91343')
      assert.deepEqual(
        [error.code, error.retryable, error.errorId, error.errorCode, error.fragmentNumber],
        [code, retryable, errorId, errorCode, '91343'],
      )
    })
  }

  it('says what happened, where, and what to do', () => {
    const messages = [
      new PayloadError(4000, 'FRAGMENT_NOT_FOUND', '91343'),
      new PayloadError(4500, null, null),
    ]
    assert.deepEqual(
      messages.map(({ message }) => message),
      [
        'the service ended the media with error 4000 FRAGMENT_NOT_FOUND at fragment 91343: the requested fragment is not found; start from a time, or from EARLIEST',
        "the service ended the media with error 4500: access to the stream's KMS key is denied; grant kms:Decrypt",
      ],
    )
  })

  it('is one of our errors, and has no fragment where none was named', () => {
    const error = new PayloadError(5000, null, null)
    assert.deepEqual(
      [GetMediaError.is(error), error.name, 'fragmentNumber' in error],
      [true, 'PayloadError', false],
    )
  })

  it('tells a fragment that is not there from other errors', () => {
    const found = [3000, 4000, 5000].map(id => new PayloadError(id, null, null).isFragmentNotFound)
    assert.deepEqual(found, [true, true, false])
  })
})
