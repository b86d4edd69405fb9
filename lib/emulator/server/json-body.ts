import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { ServiceException } from './service-exception.ts'

/** Largest JSON body that is read where the operation declares none. */
const MAX_BODY_BYTES = 65_536
/** How long a body may take to arrive; no client of the API needs more than one packet's time. */
const BODY_TIMEOUT_MS = 60_000
/** Deepest nesting that is read; the API itself needs five. */
const MAX_DEPTH = 32

/**
 * Reads a request's body whole, up to a size and for a time.
 *
 * @throws ServiceException, or the connection's error where the client went
 */
export async function readBody(
  request: IncomingMessage,
  clock: Clock,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<Buffer> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(BODY_TIMEOUT_MS, () => reject(tooLate()))
  })
  try {
    return await Promise.race([collect(request, maxBytes), late])
  } finally {
    cancel()
  }
}

/** Parses a body; an empty one is an object without members. @throws ServiceException */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {}
  const text = body.toString('utf8')
  if (depthOf(text) > MAX_DEPTH) throw noJson(`is nested deeper than ${MAX_DEPTH} levels`)
  try {
    return JSON.parse(text)
  } catch {
    throw noJson('is no JSON')
  }
}

async function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) {
      throw new ServiceException(
        'RequestEntityTooLargeException',
        `The request body is larger than ${maxBytes} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The deepest nesting of objects and lists, brackets inside texts left out. One pass, whatever the text. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isInText && character === '\\') at++
    else if (character === '"') isInText = !isInText
    else if (isInText) continue
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}

function noJson(problem: string): ServiceException {
  return new ServiceException('SerializationException', `the request body ${problem}`)
}

function tooLate(): ServiceException {
  return new ServiceException(
    'RequestTimeoutException',
    `The request body did not arrive within ${BODY_TIMEOUT_MS / 1000} seconds`,
  )
}
