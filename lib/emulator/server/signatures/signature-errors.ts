import { ServiceException } from '../service-exception.ts'

/** The front end's answers to a signature. None holds a secret, a token or the signature. */

/** The request is signed, but not all of the signature is there or readable. */
export function incompleteSignature(message: string): ServiceException {
  return new ServiceException('IncompleteSignature', message)
}

/** The request is not signed at all. */
export function missingAuthenticationToken(): ServiceException {
  return new ServiceException('MissingAuthenticationToken', 'Missing Authentication Token')
}

/** No such key, or not the session token that goes with it. */
export function invalidClientTokenId(): ServiceException {
  return new ServiceException(
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  )
}

/** The signature is another one, or one for another service, region or day. */
export function invalidSignature(
  message = 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
): ServiceException {
  return new ServiceException('InvalidSignatureException', message)
}

/** The request is dated too far from the service's time, or its URL has expired. */
export function requestExpired(message: string): ServiceException {
  return new ServiceException('RequestExpired', message)
}
