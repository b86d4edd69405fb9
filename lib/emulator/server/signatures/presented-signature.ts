import { formatAmzDate, parseAmzDate } from './amz-date.ts'
import { headerOf, type PresentedRequest, parameterOf } from './presented-request.ts'
import { incompleteSignature, missingAuthenticationToken } from './signature-errors.ts'

/** The only algorithm that the service's clients use. */
export const ALGORITHM = 'AWS4-HMAC-SHA256'
/** Longest life of a presigned URL: seven days. */
const MOST_EXPIRES_SECONDS = 604_800

/** Parameters of which one shows that the query is meant to be signed. */
const QUERY_MARKS: readonly string[] = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature']

/** A Signature Version 4 as it stands in a request's Authorization header, or in its query. */
export type PresentedSignature = {
  readonly isInQuery: boolean
  readonly accessKeyId: string
  readonly scope: {
    readonly date: string
    readonly region: string
    readonly service: string
    readonly terminator: string
  }
  /** In lower case. */
  readonly signedHeaders: readonly string[]
  /** In hex. */
  readonly signature: string
  readonly signedAtMs: number
  /** Of a presigned URL; one that does not say lives as long as a signed request. */
  readonly expiresSeconds: number | undefined
  readonly sessionToken: string | undefined
}

/**
 * Reads the signature of a request.
 *
 * @throws ServiceException `MissingAuthenticationToken` where there is none, `IncompleteSignature` where it cannot be read
 */
export function presentedSignature(request: PresentedRequest): PresentedSignature {
  const authorization = headerOf(request, 'authorization')
  const isInQuery = request.query.some(([name]) => QUERY_MARKS.includes(name))
  if (authorization !== undefined && isInQuery) {
    throw incompleteSignature('The request is signed twice: in its headers and in its query')
  }
  if (authorization !== undefined) return inHeaders(request, authorization)
  if (isInQuery) return inQuery(request)
  throw missingAuthenticationToken()
}

function inHeaders(request: PresentedRequest, authorization: string): PresentedSignature {
  const [algorithm = '', ...rest] = authorization.trim().split(/\s+/)
  const fields = new Map<string, string>()
  for (const field of rest.join(' ').split(/[\s,]+/)) {
    const equalsAt = field.indexOf('=')
    if (equalsAt > 0) fields.set(field.slice(0, equalsAt), field.slice(equalsAt + 1))
  }
  const take = (name: string) => {
    const value = fields.get(name)
    if (value) return value
    throw incompleteSignature(`Authorization header requires '${name}' parameter.`)
  }
  checkAlgorithm(algorithm)
  return {
    isInQuery: false,
    ...readCredential(take('Credential')),
    signedHeaders: take('SignedHeaders').toLowerCase().split(';'),
    signature: take('Signature'),
    signedAtMs: dateInHeaders(request),
    expiresSeconds: undefined,
    sessionToken: headerOf(request, 'x-amz-security-token'),
  }
}

function inQuery(request: PresentedRequest): PresentedSignature {
  const take = (name: string) => {
    const value = parameterOf(request, name)
    if (value) return value
    throw incompleteSignature(`AWS query-string parameters must include '${name}'.`)
  }
  checkAlgorithm(take('X-Amz-Algorithm'))
  const expires = parameterOf(request, 'X-Amz-Expires')
  if (expires !== undefined && (!/^\d{1,6}$/.test(expires) || Number(expires) > MOST_EXPIRES_SECONDS)) {
    throw incompleteSignature(`X-Amz-Expires must be 0 to ${MOST_EXPIRES_SECONDS} seconds`)
  }
  return {
    isInQuery: true,
    ...readCredential(take('X-Amz-Credential')),
    signedHeaders: take('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature: take('X-Amz-Signature'),
    signedAtMs: readDate(take('X-Amz-Date')),
    expiresSeconds: expires === undefined ? undefined : Number(expires),
    sessionToken: parameterOf(request, 'X-Amz-Security-Token') ?? headerOf(request, 'x-amz-security-token'),
  }
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm !== ALGORITHM) {
    throw incompleteSignature(`The request must be signed by ${ALGORITHM}, and says another algorithm.`)
  }
}

/** `AKID/20261120/us-east-1/kinesisvideo/aws4_request`; the key itself might hold a slash. */
function readCredential(credential: string): Pick<PresentedSignature, 'accessKeyId' | 'scope'> {
  const parts = credential.split('/')
  const [date, region, service, terminator] = parts.splice(-4)
  const accessKeyId = parts.join('/')
  if (accessKeyId === '' || !date || !region || !service || !terminator) {
    throw incompleteSignature("Credential must have five elements separated by '/'")
  }
  return { accessKeyId, scope: { date, region, service, terminator } }
}

function dateInHeaders(request: PresentedRequest): number {
  const amzDate = headerOf(request, 'x-amz-date') ?? parameterOf(request, 'X-Amz-Date')
  if (amzDate !== undefined) return readDate(amzDate)
  const date = headerOf(request, 'date')
  if (date === undefined) {
    throw incompleteSignature(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  }
  const epochMs = Date.parse(date)
  // What was signed is the form to the second.
  return Number.isNaN(epochMs) ? readDate(date) : readDate(formatAmzDate(epochMs))
}

function readDate(text: string): number {
  const epochMs = parseAmzDate(text)
  if (epochMs === undefined) throw incompleteSignature("Date must be in ISO-8601 'basic format'.")
  return epochMs
}
