import type { IncomingMessage, ServerResponse } from 'node:http'
import { GetMediaError, OptionError } from '../../errors.ts'
import type { RandomFaultOptions } from '../faults/random-faults.ts'
import type { Fault } from '../faults.ts'
import { sendJson } from '../json-answer.ts'
import { readBody } from '../json-body.ts'
import type { Service } from '../operation.ts'

/** Paths below this are the emulator's own, and no operation of AWS. */
export const ADMIN_PREFIX = '/_emulator/'

/**
 * What one can ask a running emulator, beside AWS's API; unsigned, for whoever reaches the port:
 * - `GET health`
 * - `GET streams`: names, fragments, bytes, open sessions
 * - `POST streams/NAME/faults`: a list of faults, or `{ faults, random }`; `DELETE` forgets them
 */
export async function answerAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0]!.slice(ADMIN_PREFIX.length)
  try {
    sendJson(response, 200, await route(request, path, service))
  } catch (error) {
    if (error instanceof NoSuchPath) sendJson(response, 404, { message: error.message })
    else if (GetMediaError.is(error)) sendJson(response, 400, { message: error.message })
    else throw error
  }
}

class NoSuchPath extends Error {}

async function route(request: IncomingMessage, path: string, service: Service): Promise<unknown> {
  const faultsOf = /^streams\/([^/]+)\/faults$/.exec(path)?.[1]
  if (request.method === 'GET' && path === 'health') return health(service)
  if (request.method === 'GET' && path === 'streams')
    return service.streams.all().map(stream => describe(stream, service))
  if (request.method === 'POST' && faultsOf !== undefined) return await planFaults(request, faultsOf, service)
  if (request.method === 'DELETE' && faultsOf !== undefined) {
    service.faults.clear(existing(faultsOf, service))
    return { pendingFaults: 0 }
  }
  throw new NoSuchPath(
    `no ${request.method} ${ADMIN_PREFIX}${path}; there is GET health, GET streams, POST and DELETE streams/NAME/faults`,
  )
}

function health(service: Service): object {
  return { status: 'ok', url: service.url, streams: service.streams.all().length }
}

type Stream = ReturnType<Service['streams']['all']>[number]

function describe(stream: Stream, service: Service): object {
  const { name, arn, openSessions } = stream
  const fragments = stream.fragments
  return {
    name,
    arn,
    fragments: fragments.length,
    bytes: fragments.reduce((sum, { byteLength }) => sum + byteLength, 0),
    openSessions,
    pendingFaults: service.faults.pending(name),
  }
}

async function planFaults(request: IncomingMessage, encodedName: string, service: Service): Promise<object> {
  const name = existing(encodedName, service)
  const body = parse((await readBody(request, service.settings.clock)).toString('utf8'))
  const { faults, random } = Array.isArray(body) ? { faults: body, random: undefined } : body
  // What they hold is checked where it is planned.
  if (faults !== undefined) service.faults.add(name, faults as (Fault | null)[])
  if (random !== undefined) service.faults.addRandom(name, random as RandomFaultOptions)
  return { pendingFaults: service.faults.pending(name) }
}

function existing(encodedName: string, service: Service): string {
  const name = decodeURIComponent(encodedName)
  if (service.streams.get(name) === undefined) throw new NoSuchPath(`no stream ${JSON.stringify(name)}`)
  return name
}

function parse(text: string): unknown[] | { readonly faults?: unknown; readonly random?: unknown } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const fits = typeof body === 'object' && body !== null
  if (!fits)
    throw new OptionError('the body', 'be a list of faults, or an object with `faults` and `random`', text)
  return body as unknown[] | { readonly faults?: unknown; readonly random?: unknown }
}
