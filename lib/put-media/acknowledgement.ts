import { describeValue, GetMediaError } from '../core/errors.ts'
import type { SegmentClock } from '../matroska/reader/segment-clock.ts'

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
  /**
   * The cluster's timestamp as the producer wrote it: decimal digits of a count of ticks, of which the media's TimestampScale
   * tells the length. `null` where it tells none.
   */
  readonly fragmentTimecode: string | null
  /** The same in milliseconds. */
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
 * in the API: a newer service may say more. `clock` has the length of the media's ticks. Throws `AcknowledgementError` for
 * what is no acknowledgement.
 */
export function parseAcknowledgement(line: string, clock: SegmentClock): Acknowledgement | undefined {
  const fields = fieldsOf(line)
  const type = fields?.EventType
  if (fields === undefined || typeof type !== 'string') {
    throw new AcknowledgementError(describeValue(line))
  }
  if (!isKnown(type)) return undefined
  const fragmentTimecode = digitsOf(fields.FragmentTimecode)
  return {
    type,
    fragmentNumber: textOf(fields.FragmentNumber),
    fragmentTimecode,
    fragmentTimecodeMs: fragmentTimecode === null ? null : clock.toMs(BigInt(fragmentTimecode)),
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

/** As JSON numbers, a fragment's number (in the sample) and a timestamp in short ticks would lose digits. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line.replace(/("Fragment(?:Number|Timecode)"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"'))
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function digitsOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? String(BigInt(value)) : null
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
