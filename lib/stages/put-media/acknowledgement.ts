import { describeValue, GetMediaError } from '../../errors.ts'

/** What the service says of a fragment; PutMedia page, "Acknowledgements". */
export type AcknowledgementType =
  /** Its first bytes have come. */
  | 'BUFFERING'
  /** It has come whole. */
  | 'RECEIVED'
  /** It is stored. Never said by a stream whose retention is 0. */
  | 'PERSISTED'
  /** Nothing comes from the producer. Repeated; after 30 s the service ends the session. */
  | 'IDLE'
  /** The session has failed. */
  | 'ERROR'

/** One acknowledgement, as PutMedia tells it while the media flows. */
export type Acknowledgement = {
  readonly type: AcknowledgementType
  /** The service's number for the fragment; a new one when the fragment is sent again. `null` where it tells none. */
  readonly fragmentNumber: string | null
  /** The cluster's timestamp in milliseconds, as the producer gave it. `null` where it tells none. */
  readonly fragmentTimecodeMs: number | null
  /** With `ERROR` only. */
  readonly errorId: number | null
  readonly errorCode: string | null
}

/** The service's answer to PutMedia holds a line that is no acknowledgement. Sending again may help. */
export class AcknowledgementError extends GetMediaError {
  readonly code = 'ERR_ACKNOWLEDGEMENT'

  /** `what` completes "PutMedia: the service sent …". */
  constructor(what: string, cause?: unknown) {
    super(`PutMedia: the service sent ${what} in place of an acknowledgement; send again`, {
      cause,
      retryable: true,
    })
  }
}

/**
 * Reads one line of the answer; keys may come in any order, and others beside them. `undefined` for a kind that is not
 * in the API: a newer service may say more. Throws `AcknowledgementError` for what is no acknowledgement.
 */
export function parseAcknowledgement(line: string): Acknowledgement | undefined {
  const fields = fieldsOf(line)
  const type = fields?.EventType
  if (fields === undefined || typeof type !== 'string') {
    throw new AcknowledgementError(describeValue(line))
  }
  if (!isKnown(type)) return undefined
  return {
    type,
    fragmentNumber: textOf(fields.FragmentNumber),
    fragmentTimecodeMs: numberOf(fields.FragmentTimecode),
    errorId: numberOf(fields.ErrorId),
    errorCode: textOf(fields.ErrorCode),
  }
}

type Fields = Readonly<Record<string, unknown>>

const TYPES: ReadonlySet<string> = new Set(['BUFFERING', 'RECEIVED', 'PERSISTED', 'IDLE', 'ERROR'])

function isKnown(type: string): type is AcknowledgementType {
  return TYPES.has(type)
}

/** The documentation's sample wraps the fields in `Acknowledgement`, which the service does not do. */
function fieldsOf(line: string): Fields | undefined {
  const json = jsonOf(line)
  if (typeof json !== 'object' || json === null) return undefined
  const { Acknowledgement: wrapped } = json as Fields
  return typeof wrapped === 'object' && wrapped !== null ? (wrapped as Fields) : (json as Fields)
}

/** The sample also has the fragment's number as a JSON number, of which a double would lose most digits. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line.replace(/("FragmentNumber"\s*:\s*)(\d+)/, '$1"$2"'))
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
