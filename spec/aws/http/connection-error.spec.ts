import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectionErrorOf } from '../../../lib/aws/http/connection-error.ts'

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code })

describe('a connection error', () => {
  it('names the system’s code once, and what to do', () => {
    const cases: [error: unknown, message: string][] = [
      [
        withCode('connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED'),
        'failed (connect ECONNREFUSED 127.0.0.1:9); check the endpoint, and that a server listens there',
      ],
      [withCode('aborted', 'ECONNRESET'), 'failed (ECONNRESET: aborted); connect again'],
      [
        Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:9')]), {
          code: 'ECONNREFUSED',
        }),
        'failed (connect ECONNREFUSED ::1:9); check the endpoint, and that a server listens there',
      ],
      ['text', 'failed (text); connect again'],
    ]
    for (const [error, message] of cases) assert.equal(connectionErrorOf('failed', error).message, message)
  })

  it('takes the error of Node out of the one of got, whose options hold the signature', () => {
    const cause = withCode('getaddrinfo ENOTFOUND x', 'ENOTFOUND')
    const ofGot = Object.assign(new Error('getaddrinfo ENOTFOUND x', { cause }), { options: { headers: {} } })
    assert.equal(connectionErrorOf('failed', ofGot).cause, cause)
  })

  it('is retryable, but not where the certificate is not trusted', () => {
    assert.equal(connectionErrorOf('failed', withCode('x', 'ECONNRESET')).retryable, true)
    for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
      assert.equal(connectionErrorOf('failed', withCode('x', code)).retryable, false)
    }
  })
})
