import type { IncomingMessage } from 'node:http'
import { incompleteSignature } from './signature-errors.ts'

/** What of a request a signature covers, as it came. */
export type PresentedRequest = {
  readonly method: string
  readonly path: string
  /** Decoded, in the order that they came. */
  readonly query: readonly (readonly [name: string, value: string])[]
  /** By name in lower case, each value that came under it. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>
}

/** Reads what a signature covers off a request. @throws ServiceException for a query that is no valid encoding */
export function presentedRequest(request: IncomingMessage): PresentedRequest {
  const url = request.url ?? '/'
  const queryAt = url.indexOf('?')
  return {
    method: request.method ?? '',
    path: queryAt === -1 ? url : url.slice(0, queryAt),
    query: queryAt === -1 ? [] : parseQuery(url.slice(queryAt + 1)),
    headers: request.headersDistinct,
  }
}

/** The one value of a header; of several the first. */
export function headerOf(request: PresentedRequest, name: string): string | undefined {
  return request.headers[name]?.[0]
}

/** The one value of a parameter of the query; of several the first. */
export function parameterOf(request: PresentedRequest, name: string): string | undefined {
  return request.query.find(([given]) => given === name)?.[1]
}

function parseQuery(text: string): [string, string][] {
  return text
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const equalsAt = pair.indexOf('=')
      const name = equalsAt === -1 ? pair : pair.slice(0, equalsAt)
      return [decode(name), equalsAt === -1 ? '' : decode(pair.slice(equalsAt + 1))]
    })
}

/** A plus sign is itself: signers write a space as %20. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw incompleteSignature('The query holds a % that is no encoding')
  }
}
