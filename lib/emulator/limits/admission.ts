import type { FaultOperation } from '../faults/fault-operations.ts'
import type { Service } from '../operations/operation.ts'
import type { StreamReference } from '../server/members.ts'
import type { RequestRecord } from '../server/request-log.ts'
import { ServiceException, tooManyCalls } from '../server/service-exception.ts'
import type { MediaStream } from '../streams/media-stream.ts'
import { CONTROL_RATES, type Rates } from './call-rates.ts'

/** What lets a call of an operation pass. */
export type Gate = {
  readonly operation: FaultOperation
  /** @default the control operations' */
  readonly rates?: Rates
  /** The exception for keys that may not call it. @default 'NotAuthorizedException' */
  readonly denial?: 'NotAuthorizedException' | 'AccessDeniedException'
  /** The operation asks for its fault itself, when all its own checks have passed. */
  readonly strikesLater?: true
}

/**
 * Lets a call pass that is about one stream and may find it in any status, and gives the stream: it must be there, the
 * keys must not be denied the operation, and the account and the stream must not have been called too often.
 *
 * @throws ServiceException
 */
export function admit(
  gate: Gate,
  reference: StreamReference,
  service: Service,
  record: RequestRecord,
): MediaStream {
  return pass(gate, service.streams.find(reference, record.region), service, record)
}

/** As `admit`, for a call that needs the stream's media: one that is being created or deleted is not found. */
export function admitToMedia(
  gate: Gate,
  reference: StreamReference,
  service: Service,
  record: RequestRecord,
): MediaStream {
  return pass(gate, service.streams.resolve(reference, record.region), service, record)
}

/** As `admit`, for a call that is about no stream that is there. */
export function admitToAccount(
  gate: Omit<Gate, 'operation'> & { readonly operation: FaultOperation | 'ListStreams' },
  service: Service,
  record: RequestRecord,
): void {
  checkAuthorisation(gate, service, record)
  const { operation, rates = CONTROL_RATES } = gate
  if (!service.rates.tryTake(operation, rates, record.region)) {
    throw tooManyCalls(operation, service.settings.accountId)
  }
}

function pass(gate: Gate, stream: MediaStream, service: Service, record: RequestRecord): MediaStream {
  checkAuthorisation(gate, service, record)
  const { operation, rates = CONTROL_RATES } = gate
  if (!service.rates.tryTake(operation, rates, record.region, stream)) {
    throw tooManyCalls(operation, stream.name)
  }
  if (gate.strikesLater !== true) service.faults.strike(operation, stream, record)
  return stream
}

function checkAuthorisation(
  gate: Parameters<typeof admitToAccount>[0],
  service: Service,
  record: RequestRecord,
): void {
  const { operation, denial = 'NotAuthorizedException' } = gate
  const keyPair = service.settings.credentials.find(pair => pair.accessKeyId === record.accessKeyId)
  const isDenied = keyPair?.deny?.some(denied => denied === operation || denied === '*') ?? false
  if (!isDenied) return
  throw new ServiceException(
    denial,
    `The caller ${record.accessKeyId} is not authorized to perform kinesisvideo:${operation}`,
    // The control operations' model gives 401 for both; the front end's AccessDeniedException is 403.
    401,
  )
}
