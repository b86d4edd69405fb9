import { createHash, timingSafeEqual } from 'node:crypto'
import type { KeyPair } from '../../settings.ts'
import { REGION_PATTERN } from '../../streams/region.ts'
import { formatAmzDate } from './amz-date.ts'
import { type Payload, payloadHashes } from './payload-hashes.ts'
import type { PresentedRequest } from './presented-request.ts'
import { type PresentedSignature, presentedSignature } from './presented-signature.ts'
import { invalidClientTokenId, invalidSignature, requestExpired } from './signature-errors.ts'
import { computeSignature } from './string-to-sign.ts'

/** How far a request may be dated from the service's time. */
const MOST_SKEW_MS = 15 * 60_000
/** The signing name of the control plane and of the data plane alike. */
const SIGNING_NAME = 'kinesisvideo'

/** What signatures are held against. */
export type SignatureRules = {
  readonly credentials: readonly KeyPair[]
  /** The only region that is served; `undefined` where every region is. */
  readonly region: string | undefined
  /** The service's time, in epoch milliseconds. */
  readonly nowMs: number
}

/** The key that signed a request, and the region that it was signed for. */
export type Signer = { readonly accessKeyId: string; readonly region: string }

/**
 * Checks a request's Signature Version 4 and gives the key that it was signed with, and the region of its scope.
 *
 * | answer | to |
 * |---|---|
 * | `MissingAuthenticationToken` | no signature |
 * | `IncompleteSignature` | one that cannot be read |
 * | `InvalidClientTokenId` | an unknown key, or not its session token |
 * | `InvalidSignatureException` | another service, region or day, or simply another signature |
 * | `RequestExpired` | more than 15 minutes off, or a URL past its time |
 *
 * @throws ServiceException
 */
export function checkSignature(request: PresentedRequest, payload: Payload, rules: SignatureRules): Signer {
  const signature = presentedSignature(request)
  const keyPair = rules.credentials.find(pair => pair.accessKeyId === signature.accessKeyId)
  if (keyPair === undefined || !isSameText(signature.sessionToken ?? '', keyPair.sessionToken ?? '')) {
    throw invalidClientTokenId()
  }
  checkScope(signature, rules.region)
  checkTime(signature, rules.nowMs)
  if (!signature.signedHeaders.includes('host')) {
    throw invalidSignature("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  }
  // All are tried, whichever fits, so that the time taken does not tell.
  const fits = payloadHashes(request, payload).filter(hash =>
    isSameText(
      computeSignature(request, signature, hash, keyPair.secretAccessKey).toString('hex'),
      signature.signature,
    ),
  )
  if (fits.length === 0) throw invalidSignature()
  return { accessKeyId: keyPair.accessKeyId, region: signature.scope.region }
}

function checkScope({ scope, signedAtMs }: PresentedSignature, region: string | undefined): void {
  if (scope.terminator !== 'aws4_request') {
    throw invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request'.")
  }
  if (scope.service !== SIGNING_NAME) {
    throw invalidSignature(`Credential should be scoped to correct service: '${SIGNING_NAME}'.`)
  }
  if (region === undefined ? !REGION_PATTERN.test(scope.region) : scope.region !== region) {
    const valid = region === undefined ? '.' : `: '${region}'.`
    throw invalidSignature(`Credential should be scoped to a valid region${valid}`)
  }
  const day = formatAmzDate(signedAtMs).slice(0, 8)
  if (scope.date !== day) {
    throw invalidSignature(`Date in Credential scope does not match ${day} from the date of the request.`)
  }
}

function checkTime({ signedAtMs, expiresSeconds }: PresentedSignature, nowMs: number): void {
  const now = formatAmzDate(nowMs)
  const signedAt = formatAmzDate(signedAtMs)
  if (signedAtMs > nowMs + MOST_SKEW_MS) {
    throw requestExpired(`Signature not yet current: ${signedAt} is still later than ${now} and 15 min.`)
  }
  const expiresMs = signedAtMs + (expiresSeconds === undefined ? MOST_SKEW_MS : expiresSeconds * 1000)
  if (nowMs > expiresMs) {
    const expires = formatAmzDate(expiresMs)
    throw requestExpired(`Signature expired: ${expires} is now earlier than ${now}; signed at ${signedAt}.`)
  }
}

/** Compares in a time that does not depend on where the texts differ, nor on their lengths. */
function isSameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
