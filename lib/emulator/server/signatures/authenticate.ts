import type { IncomingMessage } from 'node:http'
import type { Settings } from '../../settings.ts'
import type { RequestRecord } from '../request-log.ts'
import { checkSignature } from './check-signature.ts'
import type { Payload } from './payload-hashes.ts'
import { presentedRequest } from './presented-request.ts'

/** The service's time as signatures see it: this machine's, as the signers are on it too, whatever `clock` plays. */
export function signingTimeMs(settings: Settings): number {
  return Date.now() + settings.clockSkewMs
}

/**
 * Checks a request's signature, unless that is switched off, and notes its key and its region in the record. A
 * producer's body is `'streamed'`: it is not read.
 *
 * @throws ServiceException
 */
export function authenticate(
  request: IncomingMessage,
  payload: Payload,
  settings: Settings,
  record: RequestRecord,
): void {
  const { credentials, region } = settings
  if (settings.signatures === 'ignore') {
    record.region = region ?? scopedRegion(request) ?? settings.defaultRegion
    return
  }
  const rules = { credentials, region, nowMs: signingTimeMs(settings) }
  const signer = checkSignature(presentedRequest(request), payload, rules)
  record.accessKeyId = signer.accessKeyId
  record.region = signer.region
}

/** `AKID/20261120/us-east-1/kinesisvideo/aws4_request`, in the header or, with its slashes encoded, in the query. */
const CREDENTIAL_SCOPE =
  /Credential=[^,&\s]+?(?:\/|%2F)\d{8}(?:\/|%2F)([a-z0-9-]{1,64})(?:\/|%2F)kinesisvideo/i

/** The region of a signature that is not checked, where one can be read. */
function scopedRegion({ headers, url = '' }: IncomingMessage): string | undefined {
  return CREDENTIAL_SCOPE.exec(headers.authorization ?? url)?.[1]?.toLowerCase()
}
