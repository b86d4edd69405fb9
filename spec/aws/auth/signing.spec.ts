import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { SignatureV4 } from '@smithy/signature-v4'
import { signRequest } from '../../../lib/aws/auth/signing.ts'

const SIGNED_AT = new Date('2026-03-04T05:06:07.890Z')
const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLXdlc3QtMiJHMEUCIQD=',
}
const BODY = { StreamName: 'cam', StartSelector: { StartSelectorType: 'NOW' } }

function sign(endpoint: string, credentials: typeof CREDENTIALS | Omit<typeof CREDENTIALS, 'sessionToken'>) {
  const wallClockMs = SIGNED_AT.getTime()
  return signRequest({
    endpoint,
    operation: 'getMedia',
    body: BODY,
    region: 'us-west-2',
    credentials,
    wallClockMs,
  })
}

/** What the AWS SDK's own signer makes of the same request. */
async function authorizationBySdk(
  url: string,
  headers: Readonly<Record<string, string>>,
  credentials: object,
) {
  const { hostname, port, protocol, pathname } = new URL(url)
  const { authorization: _ours, 'x-amz-security-token': _token, 'x-amz-date': _date, ...unsigned } = headers
  const signer = new SignatureV4({
    service: 'kinesisvideo',
    region: 'us-west-2',
    credentials: credentials as typeof CREDENTIALS,
    sha256: NodeSha256,
    applyChecksum: false,
  })
  const request = {
    method: 'POST',
    protocol,
    hostname,
    path: pathname,
    query: {},
    headers: unsigned,
    body: JSON.stringify(BODY),
  }
  const signed = await signer.sign(port === '' ? request : { ...request, port: Number(port) }, {
    signingDate: SIGNED_AT,
  })
  return signed.headers
}

describe('a request is signed as the AWS SDK signs it', () => {
  const { sessionToken: _, ...longTerm } = CREDENTIALS
  const cases: [name: string, endpoint: string, credentials: typeof CREDENTIALS | typeof longTerm][] = [
    ['with a session token', 'https://s-01b343f5.kinesisvideo.us-west-2.amazonaws.com', CREDENTIALS],
    ['with long-term keys', 'https://s-01b343f5.kinesisvideo.us-west-2.amazonaws.com', longTerm],
    ['for a port and a path of its own', 'http://127.0.0.1:4566/base/path', CREDENTIALS],
    ['for a path with characters to encode', 'http://127.0.0.1:4566/a%20b/c+d', CREDENTIALS],
  ]
  for (const [name, endpoint, credentials] of cases) {
    it(name, async () => {
      const { url, headers, body } = sign(endpoint, credentials)
      const expected = await authorizationBySdk(url, headers, credentials)
      assert.equal(url, `${endpoint}/getMedia`)
      assert.equal(body, JSON.stringify(BODY))
      assert.equal(headers.authorization, expected.authorization)
      assert.equal(headers['x-amz-security-token'], expected['x-amz-security-token'])
      assert.equal(headers['x-amz-date'], '20260304T050607Z')
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers['content-length'], String(JSON.stringify(BODY).length))
      assert.equal(headers.host, new URL(endpoint).host)
    })
  }
})

describe('a streamed body', () => {
  it('is left out of the signature, as the AWS SDKs do it, and other headers are in it', async () => {
    const endpoint = 'https://s-01b343f5.kinesisvideo.us-west-2.amazonaws.com'
    const body = Readable.from([])
    const { url, headers, ...signed } = signRequest({
      ...{ endpoint, operation: 'putMedia', body, region: 'us-west-2', credentials: CREDENTIALS },
      headers: { 'x-amzn-stream-name': 'cam' },
      wallClockMs: SIGNED_AT.getTime(),
    })
    const expected = await authorizationBySdk(url, headers, CREDENTIALS)
    assert.equal(signed.body, body)
    assert.equal(headers.authorization, expected.authorization)
    assert.equal(headers['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD')
    assert.equal(headers['content-type'], undefined)
  })
})

/** SHA-256 and its HMAC, in the form that the SDK's signer takes. */
class NodeSha256 {
  readonly #hash

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
