import { headerOf, type PresentedRequest, parameterOf } from './presented-request.ts'
import { invalidSignature } from './signature-errors.ts'
import { sha256 } from './string-to-sign.ts'

/** The signer did not hash the body. */
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
const EMPTY_HASH = sha256('')

/** A request's body, or word that it is not there yet: the media that a producer goes on sending. */
export type Payload = Uint8Array | 'streamed'

/**
 * The payload hashes under which a signature is to be tried. A body that is there must be what was signed, unless the
 * signer says that it was not. Of a body that streams, producers sign the empty hash, or `UNSIGNED-PAYLOAD`, with or
 * without the header that says so.
 *
 * @throws ServiceException where the body is another one than the header says
 */
export function payloadHashes(request: PresentedRequest, payload: Payload): readonly string[] {
  const declared =
    headerOf(request, 'x-amz-content-sha256') ?? parameterOf(request, 'X-Amz-Content-Sha256') ?? undefined
  if (payload === 'streamed') return declared === undefined ? [EMPTY_HASH, UNSIGNED_PAYLOAD] : [declared]
  if (declared === UNSIGNED_PAYLOAD) return [UNSIGNED_PAYLOAD]
  const hash = sha256(payload)
  if (declared !== undefined && declared.toLowerCase() !== hash) throw invalidSignature()
  return [hash]
}
