import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CredentialsError } from '../../../lib/aws/auth/credentials.ts'
import {
  ClientLimitExceededError,
  InvalidArgumentError,
  InvalidEndpointError,
  NotAuthorizedError,
  ResourceNotFoundError,
} from '../../../lib/aws/errors/service-error.ts'
import { ConnectionError, TimeoutError } from '../../../lib/aws/http/connection-error.ts'
import { AbortError, MkvSyntaxError, MkvTruncatedError, OptionError } from '../../../lib/core/errors.ts'
import { PayloadError } from '../../../lib/get-media/payload-error.ts'
import { IncompleteFragmentError } from '../../../lib/get-media/resume/incomplete-fragment-error.ts'
import { classifyFailure, type FailureKind } from '../../../lib/get-media/resume/retryable.ts'

/** As `@aws-sdk/client-kinesis-video-media` throws it. */
function sdk(name: string, httpStatusCode: number, $fault: 'client' | 'server' = 'client'): Error {
  return Object.assign(new Error(name), { name, $fault, $metadata: { httpStatusCode } })
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code })
}

const details = { retryable: true }
const cases: readonly [string, Error, FailureKind][] = [
  ['our throttle', new ClientLimitExceededError('', details), 'retry'],
  ['our connection error', new ConnectionError('', details), 'retry'],
  ['our connection error that stays', new ConnectionError('', { retryable: false }), 'fatal'],
  ['our idle timeout', new TimeoutError('ERR_IDLE_TIMEOUT', '', 1), 'retry'],
  ['our refused argument', new InvalidArgumentError(''), 'refused-start'],
  ['our stale endpoint', new InvalidEndpointError('', details), 'refresh'],
  ['our missing right', new NotAuthorizedError('', details), 'refresh'],
  ['our missing stream', new ResourceNotFoundError(''), 'fatal'],
  ['missing credentials', new CredentialsError(''), 'fatal'],
  ['a wrong option', new OptionError('region', 'be a region', 5), 'fatal'],
  ['an abort', new AbortError('it'), 'fatal'],
  ['bytes that are no Matroska', new MkvSyntaxError('bad', 0, ''), 'fatal'],
  ['a cut', new MkvTruncatedError(0, ''), 'retry'],
  ['a fragment without its token', new IncompleteFragmentError('1'), 'retry'],
  ['error tag 4000', new PayloadError(4000, null, null), 'refused-start'],
  ['error tag 3000', new PayloadError(3000, 'FRAGMENT_NOT_FOUND', null), 'refused-start'],
  ['error tag 3002', new PayloadError(3002, null, null), 'retry'],
  ['error tag 5000', new PayloadError(5000, null, null), 'retry'],
  ['an error tag that nobody knows', new PayloadError(7777, null, null), 'retry'],
  ...[4500, 4501, 4502, 4503, 4504, 4505, 4506].map((id): [string, Error, FailureKind] => [
    `error tag ${id}`,
    new PayloadError(id, null, null),
    'fatal',
  ]),
  ["the SDK's ClientLimitExceededException", sdk('ClientLimitExceededException', 400), 'retry'],
  ["the SDK's ConnectionLimitExceededException", sdk('ConnectionLimitExceededException', 400), 'retry'],
  ["the SDK's ThrottlingException", sdk('ThrottlingException', 400), 'retry'],
  ["the SDK's InternalFailure", sdk('InternalFailure', 500, 'server'), 'retry'],
  ["the SDK's error without a name, 503", sdk('Unknown', 503), 'retry'],
  ["the SDK's error without a name, 429", sdk('Unknown', 429), 'retry'],
  ["the SDK's error without a name, 401", sdk('Unknown', 401), 'refresh'],
  ["the SDK's error without a name, 400", sdk('Unknown', 400), 'fatal'],
  ["the SDK's InvalidEndpointException", sdk('InvalidEndpointException', 400), 'refresh'],
  ["the SDK's NotAuthorizedException", sdk('NotAuthorizedException', 401), 'refresh'],
  ["the SDK's ExpiredTokenException", sdk('ExpiredTokenException', 403), 'refresh'],
  ["the SDK's InvalidArgumentException", sdk('InvalidArgumentException', 400), 'refused-start'],
  ["the SDK's ResourceNotFoundException", sdk('ResourceNotFoundException', 404), 'fatal'],
  ["the SDK's AccessDeniedException", sdk('AccessDeniedException', 403), 'fatal'],
  ["the SDK's socket timeout", Object.assign(new Error(''), { name: 'TimeoutError' }), 'retry'],
  ['a reset connection', coded('ECONNRESET'), 'retry'],
  ['a premature close', coded('ERR_STREAM_PREMATURE_CLOSE'), 'retry'],
  ['a name that is not found for now', coded('EAI_AGAIN'), 'retry'],
  ['a broken chunked body', coded('HPE_INVALID_CHUNK_SIZE'), 'retry'],
  ["fetch's broken body", new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), 'retry'],
  ['a missing file', coded('ENOENT'), 'fatal'],
  ['any other error', new Error('oops'), 'fatal'],
  ['a bug', new TypeError('x is not a function'), 'fatal'],
]

describe('classifyFailure', () => {
  for (const [name, error, kind] of cases) {
    it(`takes ${name} as ${kind}`, () => assert.equal(classifyFailure(error), kind))
  }
})
