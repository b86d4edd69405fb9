import type { FragmentEvent } from '../ingest/acknowledgements.ts'
import type { BodyEnd } from '../server/response-body.ts'
import type { ServiceException } from '../server/service-exception.ts'
import type { ErrorTag } from '../streams/service-tags.ts'
import type { ChunkChange } from './chunk-changes.ts'

/**
 * The effect of a fault on one call. Sessions read these members and do not know the types of faults, so that a new fault
 * that combines them is one entry of `FAULTS`.
 */
export type FaultEffect = {
  /** Answers in place of the operation. */
  readonly refuse?: (operation: string, streamName: string) => ServiceException
  /** Every call of the operation is refused until GetDataEndpoint is called for the stream. */
  readonly staleEndpoint?: true
  /** Where a response, or for PutMedia the upload, breaks off, and how. */
  readonly breakOff?: BreakOff
  /** The rate of a response, or for PutMedia of the upload. */
  readonly bytesPerSecond?: number
  /** GetMedia: the connection closes inside this block of the response, counted from 1. */
  readonly cutInBlock?: number
  /** GetMedia: the response ends with an error after N whole fragments; `next` is the number that would follow. */
  readonly errorTag?: {
    readonly afterFragments: number
    readonly make: (next: bigint | undefined) => ErrorTag
  }
  /** GetMedia: chunks are not what was stored. */
  readonly chunkChange?: ChunkChange
  /** PutMedia: the session ends with an ERROR acknowledgement. */
  readonly errorAck?: PlannedError
  /** PutMedia: acknowledgements are late or never sent. */
  readonly lateAcks?: LateAcks
}

/** A break after N bytes, or after N whole fragments: one of the two is given. */
export type BreakOff = {
  readonly how: BodyEnd
  readonly atByte: number | undefined
  readonly afterFragments: number | undefined
}

/** An ERROR acknowledgement about the fragment after N whole ones, in place of one of its own. */
export type PlannedError = {
  readonly errorId: number
  readonly errorCode: string
  readonly afterFragments: number
  readonly inPlaceOf: FragmentEvent
}

/** The acknowledgements that a fault can withhold or delay. */
export type AckType = FragmentEvent | 'IDLE'

/** Which acknowledgements are late, of which fragments of the session. */
export type LateAcks = {
  readonly types: readonly AckType[]
  readonly afterFragments: number
  /** How many fragments, from there on. */
  readonly fragments: number
  /** `Infinity` for acknowledgements that are never sent. */
  readonly delayMs: number
}
