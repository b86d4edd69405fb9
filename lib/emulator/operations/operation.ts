import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FaultPlan } from '../faults/faults.ts'
import type { CallRates } from '../limits/call-rates.ts'
import type { ConnectionSlots } from '../limits/connection-slots.ts'
import type { RequestRecord } from '../server/request-log.ts'
import type { RequestOf, StructureRule } from '../server/request-schema.ts'
import type { ResponseBody } from '../server/response-body.ts'
import type { Settings } from '../settings.ts'
import type { StreamRegistry } from '../streams/stream-registry.ts'

/** What an operation works on. */
export type Service = {
  readonly settings: Settings
  readonly streams: StreamRegistry
  readonly rates: CallRates
  readonly connections: ConnectionSlots
  readonly faults: FaultPlan
  /** Where clients reach the service. */
  readonly url: string
}

/** What an operation answers: JSON, or a body that it sends itself. */
export type Answer =
  | { readonly json: unknown }
  | {
      readonly contentType: string
      /** Runs before the response headers are sent. @throws ServiceException, which is sent in their place */
      readonly beforeHead?: (request: IncomingMessage, closed: AbortSignal) => Promise<void>
      readonly send: (body: ResponseBody, request: IncomingMessage) => Promise<void>
    }

/** One operation of the API: where it is, what its request may hold, and what it does. */
export type Operation<S extends StructureRule = StructureRule> = {
  readonly name: string
  readonly path: string
  readonly request: S
  /** Largest body. @default 65,536 */
  readonly maxBodyBytes?: number
  /** Of an operation whose body is media: makes the request of the headers, and leaves the body unread. */
  readonly fromHeaders?: (headers: IncomingHttpHeaders) => Record<string, unknown>
  /** Gets a request that has passed the check. @throws ServiceException */
  handle(request: RequestOf<S['members']>, service: Service, record: RequestRecord): Answer | Promise<Answer>
}

/** Declares an operation, with the type of its request taken from the schema. */
export function defineOperation<const S extends StructureRule>(operation: Operation<S>): Operation {
  return operation as unknown as Operation
}
