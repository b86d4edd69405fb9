import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { sendException, sendJson } from './json-answer.ts'
import type { Answer, Operation, Service } from './operation.ts'
import { OPERATIONS } from './operations/index.ts'
import type { RequestLog, RequestRecord } from './request-log.ts'
import { checkRequest } from './request-schema.ts'
import { ResponseBody } from './response-body.ts'
import { ServiceException, unknownOperation } from './service-exception.ts'

/** Largest JSON body that is read. */
const MAX_BODY_BYTES = 65_536

/**
 * The HTTP side: finds the operation, reads and checks its JSON, and sends the answer or the exception, each with a
 * request id. Requests are checked in the order JSON, arguments, stream, rate, sessions (facts 6).
 */
export function makeHttpServer(service: () => Service, log: RequestLog): Server {
  // A client that keeps its connection should not lose it to a short limit just as it sends the next request.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(request, response, service(), log)
  })
  return server
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  log: RequestLog,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!
  const operation = request.method === 'POST' ? OPERATIONS.get(path) : undefined
  const record = openRecord(path, operation, response, service)
  log.add(record)
  response.setHeader('x-amzn-RequestId', record.requestId)
  try {
    if (operation === undefined) throw unknownOperation()
    record.body = parseJson(await readBody(request))
    const checked = checkRequest(operation.request, record.body)
    await sendAnswer(operation.handle(checked, service, record), response, record)
  } catch (error) {
    answerError(error, request, response, record)
  }
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
    path,
    at: service.settings.clock.wallClockMs(),
    requestId: randomUUID(),
    body: undefined,
    statusCode: undefined,
    errorType: undefined,
    fault: undefined,
    bytesSent: 0,
    endedBy: undefined,
    finished,
  }
}

async function sendAnswer(answer: Answer, response: ServerResponse, record: RequestRecord): Promise<void> {
  record.statusCode = 200
  if ('json' in answer) return sendJson(response, 200, answer.json)
  const body = new ResponseBody(response, bytesWritten => {
    record.bytesSent = bytesWritten
  })
  response.writeHead(200, { 'Content-Type': answer.contentType, 'Transfer-Encoding': 'chunked' })
  // The status comes at once, even where no data exist (facts 3).
  response.flushHeaders()
  await answer.send(body)
}

function answerError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
): void {
  const exception = error instanceof ServiceException ? error : internalFailure(error)
  record.errorType = exception.errorType || undefined
  if (response.headersSent || response.destroyed) {
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      throw new ServiceException(
        'RequestEntityTooLargeException',
        `The request body is larger than ${MAX_BODY_BYTES} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new ServiceException('SerializationException', 'the request body is no JSON')
  }
}
