import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as errors from '../../../lib/aws/errors/service-error.ts'
import { serviceErrorOf } from '../../../lib/aws/http/service-answer.ts'
import { GetMediaError } from '../../../lib/core/errors.ts'

const answer = (statusCode: number, headers: Record<string, string>, body = '') =>
  serviceErrorOf({ operation: 'GetMedia', statusCode, headers, body })

describe('each exception becomes its class', () => {
  const cases: [
    name: string,
    status: number,
    make: typeof errors.ServiceError,
    code: string,
    flags: string,
  ][] = [
    [
      'ClientLimitExceededException',
      400,
      errors.ClientLimitExceededError,
      'ERR_CLIENT_LIMIT_EXCEEDED',
      'retryable',
    ],
    [
      'ConnectionLimitExceededException',
      400,
      errors.ConnectionLimitExceededError,
      'ERR_CONNECTION_LIMIT_EXCEEDED',
      'retryable',
    ],
    ['ThrottlingException', 400, errors.ThrottlingError, 'ERR_THROTTLED', 'retryable'],
    ['TooManyRequestsException', 429, errors.ThrottlingError, 'ERR_THROTTLED', 'retryable'],
    [
      'ServiceUnavailableException',
      503,
      errors.ServiceUnavailableError,
      'ERR_SERVICE_UNAVAILABLE',
      'retryable',
    ],
    ['InternalFailure', 500, errors.ServiceUnavailableError, 'ERR_SERVICE_UNAVAILABLE', 'retryable'],
    ['NeverHeardOfException', 502, errors.ServiceUnavailableError, 'ERR_SERVICE_UNAVAILABLE', 'retryable'],
    ['InvalidArgumentException', 400, errors.InvalidArgumentError, 'ERR_INVALID_ARGUMENT', ''],
    ['ValidationException', 400, errors.ValidationError, 'ERR_VALIDATION', ''],
    ['ValidationError', 400, errors.ValidationError, 'ERR_VALIDATION', ''],
    ['SerializationException', 400, errors.ValidationError, 'ERR_VALIDATION', ''],
    [
      'InvalidEndpointException',
      400,
      errors.InvalidEndpointError,
      'ERR_INVALID_ENDPOINT',
      'retryable refreshable',
    ],
    ['NotAuthorizedException', 401, errors.NotAuthorizedError, 'ERR_NOT_AUTHORIZED', 'retryable refreshable'],
    ['ExpiredTokenException', 403, errors.ExpiredTokenError, 'ERR_EXPIRED_TOKEN', 'retryable refreshable'],
    ['RequestExpired', 400, errors.ExpiredTokenError, 'ERR_EXPIRED_TOKEN', 'retryable refreshable'],
    ['AccessDeniedException', 403, errors.AccessDeniedError, 'ERR_ACCESS_DENIED', ''],
    ['InvalidSignatureException', 403, errors.SignatureError, 'ERR_SIGNATURE', ''],
    ['SignatureDoesNotMatch', 403, errors.SignatureError, 'ERR_SIGNATURE', ''],
    ['UnrecognizedClientException', 403, errors.SignatureError, 'ERR_SIGNATURE', ''],
    ['ResourceNotFoundException', 404, errors.ResourceNotFoundError, 'ERR_RESOURCE_NOT_FOUND', ''],
    ['NeverHeardOfException', 400, errors.ServiceError, 'ERR_SERVICE', ''],
  ]
  for (const [name, status, make, code, flags] of cases) {
    it(`${name} (${status})`, () => {
      const error = answer(status, { 'x-amzn-errortype': name }, '{"Message":"because"}')
      assert.equal(error.constructor, make)
      assert.ok(GetMediaError.is(error))
      const { retryable, refreshable } = error
      assert.equal([retryable && 'retryable', refreshable && 'refreshable'].filter(Boolean).join(' '), flags)
      assert.deepEqual([error.code, error.statusCode, error.errorType], [code, status, name])
      assert.ok(error.message.startsWith(`GetMedia was answered with ${status} ${name}: because; `))
    })
  }
})

describe('the name of the exception is found', () => {
  const body = (value: unknown) => JSON.stringify(value)
  const cases: [where: string, headers: Record<string, string>, body: string][] = [
    ['in the header of real answers', { 'x-amzn-errortype': 'InvalidArgumentException' }, ''],
    ['in the header of the documentation', { 'x-amz-errortype': 'InvalidArgumentException' }, ''],
    [
      'before a suffix',
      { 'x-amzn-errortype': 'InvalidArgumentException:http://internal.amazon.com/coral/' },
      '',
    ],
    ['behind a namespace', { 'x-amzn-errortype': 'com.amazon.kinesisvideo#InvalidArgumentException' }, ''],
    ['in `code`', {}, body({ code: 'InvalidArgumentException' })],
    ['in `__type`', {}, body({ __type: 'com.amazon#InvalidArgumentException' })],
    [
      'in a nested `__type`',
      {},
      body({ Output: { __type: 'com.amazon#InvalidArgumentException', Message: null }, Version: '1.0' }),
    ],
    [
      'in the header before the body',
      { 'x-amzn-errortype': 'InvalidArgumentException' },
      body({ __type: 'Other' }),
    ],
  ]
  for (const [where, headers, text] of cases) {
    it(where, () => assert.equal(answer(400, headers, text).errorType, 'InvalidArgumentException'))
  }

  it('and the status decides where there is none', () => {
    const codes = [401, 403, 404, 408, 429, 500, 503, 400].map(status => answer(status, {}).code)
    assert.deepEqual(codes, [
      'ERR_NOT_AUTHORIZED',
      'ERR_ACCESS_DENIED',
      'ERR_RESOURCE_NOT_FOUND',
      'ERR_SERVICE_UNAVAILABLE',
      'ERR_THROTTLED',
      'ERR_SERVICE_UNAVAILABLE',
      'ERR_SERVICE_UNAVAILABLE',
      'ERR_SERVICE',
    ])
  })
})

describe('an error answer', () => {
  it('gives its request id in each spelling', () => {
    for (const name of ['x-amzn-requestid', 'x-amz-requestid', 'x-amzn-request-id', 'x-amz-request-id']) {
      assert.equal(answer(400, { [name]: 'id-1' }).requestId, 'id-1')
    }
    assert.equal('requestId' in answer(400, {}), false)
  })

  it('gives its message in each spelling', () => {
    for (const name of ['message', 'Message']) {
      assert.match(answer(400, {}, JSON.stringify({ [name]: 'because' })).message, /400: because; /)
    }
  })

  const bodies: [name: string, body: string, headers: Record<string, string>, message: RegExp][] = [
    ['an empty body', '', {}, /^GetMedia was answered with 502; call again later$/],
    [
      'a proxy’s page',
      '<html><title>502 Bad\nGateway</title><body>…',
      {},
      /502: a page titled "502 Bad Gateway", so likely a proxy; /,
    ],
    ['HTML without a title', '<html><body>nothing', {}, /with 502; /],
    [
      'plain text',
      'upstream connect error\n',
      { 'content-type': 'text/plain' },
      /502: upstream connect error; /,
    ],
    ['JSON that breaks off', '{"Message":"bec', {}, /with 502; /],
    ['JSON that is no object', 'null', {}, /with 502: null; /],
    ['bytes', '\x00\x01', { 'content-type': 'application/octet-stream' }, /with 502; /],
    ['a message that is no text', '{"Message":{"a":1}}', {}, /with 502; /],
    ['control characters', '{"Message":"a\\u001b[31mb"}', {}, /502: a \[31mb; /],
  ]
  for (const [name, body, headers, message] of bodies) {
    it(`reads well with ${name}`, () => assert.match(answer(502, headers, body).message, message))
  }

  it('says what is wrong when the host serves no data', () => {
    const error = answer(
      403,
      { 'x-amzn-errortype': 'AccessDeniedException' },
      '{"Message":"Unable to determine service/operation name to be authorized"}',
    )
    assert.deepEqual([error.code, error.refreshable], ['ERR_INVALID_ENDPOINT', true])
    assert.match(error.message, /does not serve GetMedia.*GetDataEndpoint gives for APIName GET_MEDIA/)
  })

  it('hints at the clock for a signature that is refused', () => {
    assert.match(answer(403, { 'x-amzn-errortype': 'InvalidSignatureException' }).message, /local clock/)
    assert.match(answer(400, { 'x-amzn-errortype': 'RequestExpired' }).message, /local clock/)
  })
})
