import type { Credentials } from '../auth/credentials.ts'
import { dataEndpoints, endpointOfAnswer } from '../endpoints/data-endpoint.ts'
import { ServiceError } from '../errors/service-error.ts'
import { ConnectionError, TimeoutError } from '../http/connection-error.ts'
import { requestIdOf } from '../http/service-answer.ts'
import { readAnswer, sendCall } from '../http/service-call.ts'
import { processGate } from '../limits/call-gate.ts'
import { throwIfAborted } from '../limits/wait-line.ts'
import type { QueueOptions } from '../limits/waiting-event.ts'
import type { CallSettings } from './call-settings.ts'
import { toWireStreamId } from './stream-id.ts'

/** GetDataEndpoint's APIName: each has an endpoint of its own. */
export type DataApi = 'GET_MEDIA' | 'PUT_MEDIA'

/** How a call comes to its turn: its `AdmissionWatch`, or for a call of its own a signal alone. */
export type CallAdmission = QueueOptions & {
  readonly signal: AbortSignal
  /** Called when every queue is passed, right before the request. */
  admitted?(): void
}

/** Whom to call, and as whom. */
export type DataTarget = {
  readonly endpoint: string
  readonly credentials: Credentials
  /** Forgets the endpoint: to be called when the connection of an open session breaks. */
  readonly dropEndpoint: () => void
}

/**
 * Makes a call of the data plane: finds credentials and the endpoint, then runs `call` with them. What its failure
 * tells about endpoint and credentials is remembered for the next call.
 */
export async function callAtDataEndpoint<T>(
  settings: CallSettings,
  api: DataApi,
  what: string,
  admission: CallAdmission,
  call: (target: DataTarget) => Promise<T>,
): Promise<T> {
  const credentials = await settings.credentials.get()
  throwIfAborted(what, admission.signal)
  const key = endpointKeyOf(settings, api, credentials)
  const endpoint =
    settings.endpoint ??
    (await dataEndpoints.get(key, settings.clock, admission, queue =>
      askDataEndpoint(settings, api, credentials, queue),
    ))
  const dropEndpoint = () => dataEndpoints.invalidate(key, endpoint)
  try {
    return await call({ endpoint, credentials, dropEndpoint })
  } catch (error) {
    if (endpointMayBeStale(error)) dropEndpoint()
    throw error
  }
}

async function askDataEndpoint(
  settings: CallSettings,
  api: DataApi,
  credentials: Credentials,
  queue: QueueOptions & { readonly signal: AbortSignal },
): Promise<string> {
  const { signal } = queue
  const call = {
    endpoint: settings.controlEndpoint,
    operation: 'GetDataEndpoint',
    body: { ...toWireStreamId(settings.streamId), APIName: api },
  }
  const ticket = await processGate().takeGetDataEndpointCall(settings.key, queue)
  const answer = await sendCall(settings, credentials, call, ticket, signal)
  const { text, error } = await readAnswer(settings, answer, signal)
  if (error !== undefined) throw error
  return endpointOfAnswer(text, requestIdOf(answer.headers))
}

/** The API's advice and the quotas page: ask again when the endpoint, the token or the connection fails. */
function endpointMayBeStale(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return true
  if (!(error instanceof ServiceError)) return false
  return error.refreshable || error.statusCode === 401 || error.statusCode === 403
}

/** The access key is no secret; other credentials may reach another account, and so another stream. */
function endpointKeyOf(
  { controlEndpoint, region, key, streamId }: CallSettings,
  api: DataApi,
  { accessKeyId }: Credentials,
): string {
  return [api, controlEndpoint, region, streamId.streamARN ?? key.stream, accessKeyId].join(' ')
}
