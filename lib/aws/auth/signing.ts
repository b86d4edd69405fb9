import { Readable } from 'node:stream'
import aws4 from 'aws4'
import type { Credentials } from './credentials.ts'

/** A request ready to send: nothing in it may change, or the signature breaks. */
export type SignedRequest = {
  readonly url: string
  /** Names in lower case. `authorization` and `x-amz-security-token` are secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** A stream is sent as it flows, in chunks; it is not signed. */
  readonly body: string | Readable
}

/**
 * Signs a POST of `body` to `${endpoint}/${operation}` by Signature Version 4, service `kinesisvideo`, which serves the
 * control plane and the data plane alike: an object as JSON, or a stream of bytes, whose payload stays unsigned. A path
 * in `endpoint` is kept and signed.
 * `wallClockMs` is the time of signing, in epoch milliseconds: the service takes 15 minutes of difference.
 * Docs: "Signature Version 4 for API requests" of the IAM User Guide.
 */
export function signRequest(request: {
  readonly endpoint: string
  readonly operation: string
  /** Beside those of every request. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object | Readable
  readonly region: string
  readonly credentials: Credentials
  readonly wallClockMs: number
}): SignedRequest {
  const url = new URL(`${request.endpoint}/${request.operation}`)
  const body = request.body instanceof Readable ? request.body : JSON.stringify(request.body)
  const { accessKeyId, secretAccessKey, sessionToken } = request.credentials
  const signed = aws4.sign(
    {
      method: 'POST',
      // With the port, where it is not the scheme's own: what Node sends as Host.
      host: url.host,
      path: url.pathname,
      service: 'kinesisvideo',
      region: request.region,
      ...(typeof body === 'string' ? { body } : {}),
      headers: {
        ...request.headers,
        ...(typeof body === 'string' ? JSON_BODY : STREAMED_BODY),
        'X-Amz-Date': amzDate(request.wallClockMs),
      },
    },
    { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  )
  const headers = Object.entries(signed.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ])
  return { url: url.href, headers: Object.fromEntries(headers), body }
}

const JSON_BODY = { 'Content-Type': 'application/json' }
/** What has not flowed yet cannot be hashed: the Java SDK signs PutMedia so. */
const STREAMED_BODY = { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' }

/** ISO 8601's basic form, to the second: 20261120T093000Z. */
function amzDate(wallClockMs: number): string {
  return new Date(wallClockMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
}
