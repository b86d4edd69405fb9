import { createHash, createHmac } from 'node:crypto'
import { formatAmzDate } from './amz-date.ts'
import type { PresentedRequest } from './presented-request.ts'
import { ALGORITHM, type PresentedSignature } from './presented-signature.ts'

/** Signature Version 4's own arithmetic. Docs: "Create a signed AWS API request" of the IAM User Guide. */

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** The signature that a request ought to have, if the hash of its payload is the one given. */
export function computeSignature(
  request: PresentedRequest,
  signature: PresentedSignature,
  payloadHash: string,
  secretAccessKey: string,
): Buffer {
  const { date, region, service, terminator } = signature.scope
  const stringToSign = [
    ALGORITHM,
    formatAmzDate(signature.signedAtMs),
    [date, region, service, terminator].join('/'),
    sha256(canonicalRequest(request, signature, payloadHash)),
  ].join('\n')
  let key: string | Buffer = `AWS4${secretAccessKey}`
  for (const part of [date, region, service, terminator, stringToSign]) {
    key = createHmac('sha256', key).update(part).digest()
  }
  return key as Buffer
}

function canonicalRequest(
  request: PresentedRequest,
  { signedHeaders }: PresentedSignature,
  payloadHash: string,
): string {
  const headers = signedHeaders.map(name => `${name}:${canonicalValue(request.headers[name] ?? [])}\n`)
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** Each value trimmed, runs of spaces made one, and several values joined. */
function canonicalValue(values: readonly string[]): string {
  return values.map(value => value.trim().replace(/ +/g, ' ')).join(',')
}

/** Encoded a second time, as every service but S3 wants it. */
function canonicalPath(path: string): string {
  return path.split('/').map(encode).join('/')
}

function canonicalQuery(query: PresentedRequest['query']): string {
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort(byCodeUnit)
    .join('&')
}

/** RFC 3986: all but letters, digits and `-_.~` is encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
