import type { HttpAnswer } from '../http/http.ts'
import type { HttpBody } from '../http/http-body.ts'
import { requestIdOf } from '../http/service-answer.ts'
import { sendCall } from '../http/service-call.ts'
import { processGate } from '../limits/call-gate.ts'
import type { CallSettings } from './call-settings.ts'
import { type CallAdmission, callAtDataEndpoint } from './data-call.ts'
import { type StartSelector, toWireSelector } from './start-selector.ts'
import { toWireStreamId } from './stream-id.ts'

/** The head of a session's answer. */
export type GetMediaResponse = {
  /** The media's type: the service says `video/webm`. `undefined` where the answer has none. */
  readonly contentType: string | undefined
  /** For AWS support. */
  readonly requestId: string | undefined
  readonly statusCode: number
}

export type OpenSession = {
  readonly response: GetMediaResponse
  readonly body: HttpBody
  /** Forgets the endpoint: to be called when the body's connection breaks. */
  readonly dropEndpoint: () => void
}

/**
 * Calls GetMedia: credentials, the data endpoint, a place among the calls of this second, and the request. The
 * caller holds a session's place (`CallGate.holdSession`). Resolves at the answer's head with the body paused;
 * rejects with one of the package's errors.
 */
export async function callGetMedia(
  settings: CallSettings,
  selector: StartSelector,
  admission: CallAdmission,
): Promise<OpenSession> {
  return await callAtDataEndpoint(settings, 'GET_MEDIA', 'GetMedia', admission, async target => {
    const { endpoint, credentials, dropEndpoint } = target
    const body = { ...toWireStreamId(settings.streamId), StartSelector: toWireSelector(selector) }
    const ticket = await processGate().takeGetMediaCall(settings.key, admission)
    admission.admitted?.()
    const call = { endpoint, operation: 'GetMedia', body }
    const answer = await sendCall(settings, credentials, call, ticket, admission.signal)
    return { response: responseOf(answer), body: answer.body, dropEndpoint }
  })
}

function responseOf({ statusCode, headers }: HttpAnswer): GetMediaResponse {
  const contentType = headers['content-type']
  return {
    contentType: typeof contentType === 'string' ? contentType : undefined,
    requestId: requestIdOf(headers),
    statusCode,
  }
}
