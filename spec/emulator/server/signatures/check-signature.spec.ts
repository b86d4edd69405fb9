import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import aws4 from 'aws4'
import { checkSignature } from '../../../../lib/emulator/server/signatures/check-signature.ts'
import type { Payload } from '../../../../lib/emulator/server/signatures/payload-hashes.ts'
import type { PresentedRequest } from '../../../../lib/emulator/server/signatures/presented-request.ts'

const KEYS = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
const SIGNED_AT = Date.UTC(2026, 10, 24, 23, 59, 30)
const MINUTE = 60_000

/** A request as aws4 signs it, as it would arrive. */
function signed(changes: { headers?: object; signQuery?: boolean; query?: string; body?: string } = {}) {
  const { headers = {}, signQuery = false, query = '', body = '' } = changes
  const date = '20261124T235930Z'
  const request = aws4.sign(
    {
      method: 'POST',
      host: 's-01b343f5.kinesisvideo.us-west-2.amazonaws.com',
      path: `/putMedia?${signQuery ? `X-Amz-Date=${date}&` : ''}${query}`,
      service: 'kinesisvideo',
      region: 'us-west-2',
      signQuery,
      headers: { ...headers, ...(signQuery ? {} : { 'X-Amz-Date': date }) },
      body,
    },
    KEYS,
  )
  const url = new URL(`http://x${request.path}`)
  return {
    method: 'POST',
    path: url.pathname,
    query: [...url.searchParams],
    headers: Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), [String(value)]]),
    ),
  } satisfies PresentedRequest
}

/** `ok`, or the name of the error. */
function check(request: PresentedRequest, payload: Payload, nowMs = SIGNED_AT): string {
  try {
    checkSignature(request, payload, { credentials: [KEYS], region: 'us-west-2', nowMs })
    return 'ok'
  } catch (error) {
    return (error as Error).name
  }
}

describe('a producer’s signature', () => {
  it('covers the hash of an empty body, and no header says so', () => {
    assert.equal(check(signed(), 'streamed'), 'ok')
  })

  it('says that the payload is unsigned', () => {
    assert.equal(check(signed({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }), 'streamed'), 'ok')
  })

  it('is in the query, with the hash of an empty body and a life of its own', () => {
    const presigned = signed({ signQuery: true, query: 'X-Amz-Expires=3600' })
    assert.deepEqual(
      [0, 3_600_000, 3_600_001].map(afterMs => check(presigned, 'streamed', SIGNED_AT + afterMs)),
      ['ok', 'ok', 'RequestExpired'],
    )
  })

  it('does not cover another stream’s name', () => {
    const request = signed({ headers: { 'x-amzn-stream-name': 'door' } })
    const other = { ...request, headers: { ...request.headers, 'x-amzn-stream-name': ['gate'] } }
    assert.deepEqual(
      [check(request, 'streamed'), check(other, 'streamed')],
      ['ok', 'InvalidSignatureException'],
    )
  })

  it('of an empty body does not pass for a body that is there', () => {
    assert.deepEqual(
      [check(signed(), Buffer.from('{}')), check(signed({ body: '{}' }), Buffer.from('{}'))],
      ['InvalidSignatureException', 'ok'],
    )
  })
})

describe('a signature’s time', () => {
  it('may be a quarter of an hour off, and not a millisecond more', () => {
    const offsets = [-15 * MINUTE - 1, -15 * MINUTE, 15 * MINUTE, 15 * MINUTE + 1]
    assert.deepEqual(
      offsets.map(offsetMs => check(signed(), 'streamed', SIGNED_AT + offsetMs)),
      ['RequestExpired', 'ok', 'ok', 'RequestExpired'],
    )
  })

  it('may be in the Date header', () => {
    const request = signed()
    const { 'x-amz-date': _, ...headers } = request.headers
    const dated = { ...request, headers: { ...headers, date: ['Tue, 24 Nov 2026 23:59:30 GMT'] } }
    // Another header is signed now, so that the signature is not that one: what counts is that the date was read.
    assert.deepEqual(
      [check(dated, 'streamed'), check(dated, 'streamed', SIGNED_AT + 16 * MINUTE)],
      ['InvalidSignatureException', 'RequestExpired'],
    )
  })

  it('counts as that of a request where a URL does not say how long it lives', () => {
    const presigned = signed({ signQuery: true })
    assert.deepEqual(
      [15 * MINUTE, 15 * MINUTE + 1].map(afterMs => check(presigned, 'streamed', SIGNED_AT + afterMs)),
      ['ok', 'RequestExpired'],
    )
  })
})
