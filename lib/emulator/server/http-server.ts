import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { OPERATIONS } from '../operations/index.ts'
import type { Answer, Operation, Service } from '../operations/operation.ts'
import type { Settings } from '../settings.ts'
import { ADMIN_PREFIX, answerAdmin } from './admin/admin-api.ts'
import { boundIdleConnections } from './idle-connections.ts'
import { sendException, sendJson } from './json-answer.ts'
import { parseJson, readBody } from './json-body.ts'
import type { RequestLog, RequestRecord } from './request-log.ts'
import { checkRequest } from './request-schema.ts'
import { ResponseBody } from './response-body.ts'
import { ServiceException, unknownOperation } from './service-exception.ts'
import { authenticate, signingTimeMs } from './signatures/authenticate.ts'
import { rememberTcpSockets } from './tcp-sockets.ts'

/** Largest head of a request; session tokens and presigned URLs take a few thousand bytes. Beyond it Node answers 431. */
const MAX_HEADER_BYTES = 16_384
/** What a connection may hold for a client: with Node's own 16 KB a fast one waits between any two writes. */
const SOCKET_BUFFER_BYTES = 524_288
/** How long a request's head may take, and a new connection until its first. */
const HEADERS_TIMEOUT_MS = 60_000
/** Most characters of a path that the record of requests keeps. */
const MAX_LOGGED_PATH = 1024

/**
 * The HTTP side: finds the operation, reads and checks its JSON, and sends the answer or the exception, each with a
 * request id. Requests are checked in the order signature, JSON, arguments, stream, authorisation, rate, sessions.
 */
export function makeHttpServer(service: () => Service, settings: Settings, log: RequestLog): Server {
  const options: ServerOptions = {
    // A client that keeps its connection should not lose it to a short limit just as it sends the next request.
    keepAliveTimeout: 60_000,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A producer's request goes on for as long as it has media. JSON bodies have a time limit of their own.
    requestTimeout: 0,
    highWaterMark: SOCKET_BUFFER_BYTES,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const listener: RequestListener = (request, response) => {
    answer(request, response, service(), log).catch(() => response.destroy())
  }
  const server =
    settings.tls === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, ...settings.tls, handshakeTimeout: HEADERS_TIMEOUT_MS }, listener)
  rememberTcpSockets(server)
  boundIdleConnections(server, settings.idleConnections)
  return server
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  log: RequestLog,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!
  if (path.startsWith(ADMIN_PREFIX)) return await answerAdmin(request, response, service)
  const operation = request.method === 'POST' ? OPERATIONS.get(path) : undefined
  const record = openRecord(path, operation, response, service)
  log.add(record)
  response.setHeader('x-amzn-RequestId', record.requestId)
  // What SDKs set their clocks by when a request was dated wrongly.
  response.setHeader('Date', new Date(signingTimeMs(service.settings)).toUTCString())
  try {
    if (operation === undefined) throw unknownOperation()
    record.body = await readRequest(request, operation, service.settings, record, log)
    const checked = checkRequest(operation.request, record.body)
    await sendAnswer(await operation.handle(checked, service, record), request, response, record)
  } catch (error) {
    answerError(error, request, response, record)
  }
}

/** What a request asks for, once its signature is checked: the JSON of its body, or what its headers say. */
async function readRequest(
  request: IncomingMessage,
  { fromHeaders, maxBodyBytes }: Operation,
  settings: Settings,
  record: RequestRecord,
  log: RequestLog,
): Promise<unknown> {
  if (fromHeaders !== undefined) {
    authenticate(request, 'streamed', settings, record)
    return fromHeaders(request.headers)
  }
  const body = await readBody(request, settings.clock, maxBodyBytes)
  authenticate(request, body, settings, record)
  log.noteBody(record, body.length)
  return parseJson(body)
}

function openRecord(
  path: string,
  operation: Operation | undefined,
  response: ServerResponse,
  service: Service,
): RequestRecord {
  const finished = new Promise<void>(resolve => {
    response.once('close', () => resolve())
  })
  return {
    operation: operation?.name,
    // The path is the client's, and may be as long as a head.
    path: path.slice(0, MAX_LOGGED_PATH),
    at: service.settings.clock.wallClockMs(),
    requestId: randomUUID(),
    region: service.settings.defaultRegion,
    accessKeyId: undefined,
    body: undefined,
    statusCode: undefined,
    errorType: undefined,
    fault: undefined,
    bytesSent: 0,
    endedBy: undefined,
    finished,
  }
}

async function sendAnswer(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
): Promise<void> {
  if ('json' in answer) {
    record.statusCode = 200
    return sendJson(response, 200, answer.json)
  }
  const body = new ResponseBody(response, bytesWritten => {
    record.bytesSent = bytesWritten
  })
  await answer.beforeHead?.(request, body.closed)
  record.statusCode = 200
  response.writeHead(200, { 'Content-Type': answer.contentType, 'Transfer-Encoding': 'chunked' })
  // The status comes at once, even where no data exist.
  response.flushHeaders()
  await answer.send(body, request)
}

function answerError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
): void {
  // A client that went before the end of its request gets no answer, and that is no failure of the service.
  if (response.destroyed) return
  const exception = error instanceof ServiceException ? error : internalFailure(error)
  record.errorType = exception.errorType || undefined
  if (response.headersSent) {
    response.destroy()
    return
  }
  record.statusCode = exception.statusCode
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close')
  sendException(response, exception)
}

function internalFailure(error: unknown): ServiceException {
  return new ServiceException('InternalFailure', error instanceof Error ? error.message : String(error))
}
