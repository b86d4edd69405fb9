import type { IncomingMessage } from 'node:http'
import type { RequestRecord } from '../request-log.ts'
import type { Settings } from '../settings.ts'
import { checkSignature } from './check-signature.ts'
import type { Payload } from './payload-hashes.ts'
import { presentedRequest } from './presented-request.ts'

/** The service's time as signatures see it: this machine's, as the signers are on it too, whatever `clock` plays. */
export function signingTimeMs(settings: Settings): number {
  return Date.now() + settings.clockSkewMs
}

/**
 * Checks a request's signature, unless that is switched off, and notes the key in the record. A producer's body is
 * `'streamed'`: it is not read.
 *
 * @throws ServiceException
 */
export function authenticate(
  request: IncomingMessage,
  payload: Payload,
  settings: Settings,
  record: RequestRecord,
): void {
  if (settings.signatures === 'ignore') return
  const { credentials, region } = settings
  const rules = { credentials, region, nowMs: signingTimeMs(settings) }
  record.accessKeyId = checkSignature(presentedRequest(request), payload, rules).accessKeyId
}
