import type { IncomingMessage, ServerResponse } from 'node:http'
import { GetMediaError, OptionError } from '../../../core/errors.ts'
import type { PlannedFault } from '../../faults/faults.ts'
import type { RandomFaultOptions } from '../../faults/random-faults.ts'
import type { Service } from '../../operations/operation.ts'
import { parseStreamLabel } from '../../streams/region.ts'
import { sendJson } from '../json-answer.ts'
import { readBody } from '../json-body.ts'

/** Paths below this are the emulator's own, and no operation of AWS. */
export const ADMIN_PREFIX = '/_emulator/'

/**
 * What one can ask a running emulator, beside AWS's API; unsigned, for whoever reaches the port:
 * - `GET health`
 * - `GET streams`: names, regions, fragments, bytes, open sessions
 * - `POST streams/NAME/faults`: a list of faults, or `{ faults, random }`; `DELETE` forgets them. `REGION/NAME` in place
 *   of `NAME` is the stream in that region only
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
  const faultsOf = /^streams\/([^/]+(?:\/[^/]+)?)\/faults$/.exec(path)?.[1]
  if (request.method === 'GET' && path === 'health') return health(service)
  if (request.method === 'GET' && path === 'streams')
    return service.streams.all().map(stream => describe(stream, service))
  if (request.method === 'POST' && faultsOf !== undefined) return await planFaults(request, faultsOf, service)
  if (request.method === 'DELETE' && faultsOf !== undefined) {
    service.faults.clear(existing(faultsOf, service))
    return { pendingFaults: 0 }
  }
  throw new NoSuchPath(
    `no ${request.method} ${ADMIN_PREFIX}${path}; there is GET health, GET streams, POST and DELETE streams/[REGION/]NAME/faults`,
  )
}

function health(service: Service): object {
  return {
    status: 'ok',
    url: service.settings.advertisedUrl ?? service.url,
    streams: service.streams.all().length,
  }
}

type Stream = ReturnType<Service['streams']['all']>[number]

function describe(stream: Stream, service: Service): object {
  const { name, region = null, arn, openSessions } = stream
  const fragments = stream.fragments
  return {
    name,
    region,
    arn,
    fragments: fragments.length,
    bytes: fragments.reduce((sum, { byteLength }) => sum + byteLength, 0),
    openSessions,
    pendingFaults: service.faults.pending(stream.label),
  }
}

async function planFaults(request: IncomingMessage, encodedLabel: string, service: Service): Promise<object> {
  const label = existing(encodedLabel, service)
  const body = parse((await readBody(request, service.settings.clock)).toString('utf8'))
  const { faults, random } = Array.isArray(body) ? { faults: body, random: undefined } : body
  if (faults === undefined && random === undefined)
    throw new OptionError('the body', 'have `faults`, `random`, or both', body)
  if (faults !== undefined && !Array.isArray(faults)) throw new OptionError('faults', 'be a list', faults)
  // What they hold is checked where it is planned.
  if (faults !== undefined) service.faults.add(label, faults as PlannedFault[])
  for (const options of random === undefined ? [] : [random].flat()) {
    service.faults.addRandom(label, options as RandomFaultOptions)
  }
  return { pendingFaults: service.faults.pending(label) }
}

/** The label in a path; where it names no region, a stream of any region will do. */
function existing(encodedLabel: string, service: Service): string {
  const label = decodeLabel(encodedLabel)
  const { name, region } = parseStreamLabel('the stream', label)
  const isMeant = (stream: Stream) => stream.name === name && (region === undefined || stream.isIn(region))
  if (!service.streams.all().some(isMeant)) throw new NoSuchPath(`no stream ${JSON.stringify(label)}`)
  return label
}

function decodeLabel(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new NoSuchPath(`no stream ${JSON.stringify(encoded)}`)
  }
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
