import type { ServiceError } from '../errors/service-error.ts'
import { KINDS, kindOf, type ServiceErrorKind, WRONG_HOST } from '../errors/service-error-kinds.ts'

/** Reading an HTTP answer that is no success: who it is, what it says, which class it becomes. */

/** Header names in lower case, as Node gives them. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export type ErrorAnswer = {
  /** Such as `GetMedia`: for the message. */
  readonly operation: string
  readonly statusCode: number
  readonly headers: AnswerHeaders
  /** The body's text, as far as it was read. */
  readonly body: string
}

/** The error for an answer: by its name, else by its status. A body that is no JSON does no harm. */
export function serviceErrorOf(answer: ErrorAnswer): ServiceError {
  const json = jsonOf(answer.body)
  const errorType = errorTypeOf(answer.headers, json)
  const text = messageOf(json) ?? readableText(answer)
  const kind = kindOf(errorType, answer.statusCode, text)
  const what = [answer.statusCode, errorType].filter(part => part !== undefined).join(' ')
  const said = text === '' ? '' : `: ${text}`
  const hint = hintOf(kind, answer, text)
  return new kind.make(`${answer.operation} was answered with ${what}${said}; ${hint}`, {
    retryable: kind.retryable,
    statusCode: answer.statusCode,
    errorType,
    requestId: requestIdOf(answer.headers),
  })
}

/** The service's request id, in any of its spellings. */
export function requestIdOf(headers: AnswerHeaders): string | undefined {
  // Real answers and all SDKs have `amzn`; the GetMedia page has `amz`, with and without the dash.
  for (const name of [
    'x-amzn-requestid',
    'x-amz-requestid',
    'x-amzn-request-id',
    'x-amz-request-id',
    'requestid',
  ]) {
    const value = firstOf(headers[name])
    if (value !== undefined) return value
  }
  return undefined
}

/** The name of the exception without namespace and without the `:http://…` that some front ends append. */
function errorTypeOf(headers: AnswerHeaders, json: unknown): string | undefined {
  const candidates = [
    headers['x-amzn-errortype'],
    headers['x-amz-errortype'],
    fieldOf(json, 'code'),
    fieldOf(json, 'Code'),
    fieldOf(json, '__type'),
    fieldOf(fieldOf(json, 'Output'), '__type'),
  ]
  for (const candidate of candidates) {
    const text = firstOf(candidate)
    const name = text?.split(':')[0]?.split('#').at(-1)?.trim()
    if (name) return name.slice(0, 200)
  }
  return undefined
}

function hintOf(kind: ServiceErrorKind, answer: ErrorAnswer, text: string): string {
  if (kind === KINDS.invalidEndpoint && WRONG_HOST.test(text)) {
    return `this host does not serve ${answer.operation}: data calls go to the own endpoint of the stream, which GetDataEndpoint gives for APIName ${answer.operation === 'PutMedia' ? 'PUT_MEDIA' : 'GET_MEDIA'}; leave out \`endpoint\` to have that done`
  }
  const { location } = answer.headers
  if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
    return 'the endpoint redirects, which a signed request cannot follow; set the endpoint to the right host'
  }
  return answer.operation === 'PutMedia' ? ofPutMedia(kind.hint) : kind.hint
}

/** The hints speak of GetMedia; PutMedia fails in the same ways, but has no start selector. */
function ofPutMedia(hint: string): string {
  return hint
    .replaceAll('GetMedia', 'PutMedia')
    .replaceAll('GET_MEDIA', 'PUT_MEDIA')
    .replace('the start selector', 'its media')
}

function messageOf(json: unknown): string | undefined {
  for (const candidate of [
    fieldOf(json, 'message'),
    fieldOf(json, 'Message'),
    fieldOf(fieldOf(json, 'Output'), 'Message'),
  ]) {
    if (typeof candidate === 'string' && candidate !== '') return oneLine(candidate)
  }
  return undefined
}

/** What a body that is no JSON says: a proxy's page becomes its title; an empty body nothing. */
function readableText({ body, headers }: ErrorAnswer): string {
  const title = /<title[^>]*>([^<]{1,200})<\/title>/i.exec(body)?.[1]
  if (title !== undefined) return `a page titled "${oneLine(title)}", so likely a proxy`
  if (body.trim() === '' || /^\s*[[{<]/.test(body)) return ''
  const isText = firstOf(headers['content-type'])?.startsWith('text/') ?? true
  return isText ? oneLine(body) : ''
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out, for the terminal's sake.
  const line = text.replace(/[\s\x00-\x1f\x7f]+/g, ' ').trim()
  return line.length > 500 ? `${line.slice(0, 497)}...` : line
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as Record<string, unknown>)[name]
    : undefined
}

function firstOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first : undefined
}
