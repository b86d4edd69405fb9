import type { FaultPlan } from './faults.ts'
import type { RequestRecord } from './request-log.ts'
import type { RequestOf, StructureRule } from './request-schema.ts'
import type { ResponseBody } from './response-body.ts'
import type { Settings } from './settings.ts'
import type { StreamRegistry } from './stream-registry.ts'

/** What an operation works on. */
export type Service = {
  readonly settings: Settings
  readonly streams: StreamRegistry
  readonly faults: FaultPlan
  /** Where clients reach the service. */
  readonly url: string
}

/** What an operation answers: JSON, or a body that it sends itself. */
export type Answer =
  | { readonly json: unknown }
  | { readonly contentType: string; readonly send: (body: ResponseBody) => Promise<void> }

/** One operation of the API: where it is, what its request may hold, and what it does. */
export type Operation<S extends StructureRule = StructureRule> = {
  readonly name: string
  readonly path: string
  readonly request: S
  /** Gets a request that has passed the check. @throws ServiceException */
  handle(request: RequestOf<S['members']>, service: Service, record: RequestRecord): Answer
}

/** Declares an operation, with the type of its request taken from the schema. */
export function defineOperation<const S extends StructureRule>(operation: Operation<S>): Operation {
  return operation as unknown as Operation
}
