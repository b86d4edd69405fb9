import type { ServerResponse } from 'node:http'
import { FaultAnswer } from '../faults/fault-answer.ts'
import type { ServiceException } from './service-exception.ts'

/** Sends JSON as the service does. */
export function sendJson(response: ServerResponse, statusCode: number, json: unknown): void {
  send(response, statusCode, 'application/json', JSON.stringify(json))
}

/** Sends an exception in the form from which the SDKs take its name and its message. */
export function sendException(response: ServerResponse, exception: ServiceException): void {
  const { errorType, statusCode } = exception
  if (errorType !== '') response.setHeader('x-amzn-ErrorType', errorType)
  if (exception instanceof FaultAnswer && exception.body !== undefined) {
    send(response, statusCode, 'text/html', exception.body)
  } else {
    sendJson(response, statusCode, bodyOf(exception))
  }
}

/** A body that the front end cannot read gets a form of its own. */
function bodyOf({ errorType, message }: ServiceException): unknown {
  if (errorType !== 'SerializationException') return { Message: message }
  return {
    Output: { __type: 'com.amazon.coral.service#SerializationException', Message: message },
    Version: '1.0',
  }
}

function send(response: ServerResponse, statusCode: number, contentType: string, body: string): void {
  response.writeHead(statusCode, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
