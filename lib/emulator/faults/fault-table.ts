import { OptionError } from '../../core/errors.ts'
import { PUT_MEDIA_ERRORS } from '../ingest/error-codes.ts'
import type { BodyEnd } from '../server/response-body.ts'
import { tooManyCalls } from '../server/service-exception.ts'
import { errorCodeOf } from '../streams/service-tags.ts'
import { addContact, leaveOutTrailingTags, repeatTimestamp, restartTimestamps } from './chunk-changes.ts'
import { FaultAnswer } from './fault-answer.ts'
import type { FaultEffect, LateAcks, PlannedError } from './fault-effect.ts'
import {
  DATA_OPERATIONS,
  FAULT_OPERATIONS,
  type FaultOperation,
  STREAMING_OPERATIONS,
} from './fault-operations.ts'
import type { BreakPoint, Fault, FaultType, WithholdAcksFault } from './faults.ts'
import { type MemberRule, oneOf, required, someOf, text, textOrFlag, whole } from './member-rules.ts'

/** Gives a whole number from 0 to less than `below`. */
export type Draw = (below: number) => number

/** One kind of fault: which calls it can strike, what its JSON may hold, what it does, and how it is drawn by chance. */
export type FaultKind<F> = {
  /** The first is the one that is struck where a fault names no operation. */
  readonly operations: readonly FaultOperation[]
  /** Beside `type` and `operation`. */
  readonly members: Readonly<Record<string, MemberRule>>
  /** Checks the rules that concern several members. @throws OptionError */
  check?(fault: F, path: string): void
  effect(fault: F): FaultEffect
  /** Two draws are there for each. */
  draw(draw: Draw, maxByte: number): F
  /** Whether `randomFaults` draws it without a `types` option: false for faults that take time or serve one purpose. */
  readonly isDrawnByDefault: boolean
}

/** The longest delay that `setTimeout` accepts: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1
const NEVER = Number.POSITIVE_INFINITY
const AFTER_FRAGMENTS = { afterFragments: whole(0) } as const
const ACK_TYPES = ['BUFFERING', 'RECEIVED', 'PERSISTED'] as const

/** Every kind of fault. To add one: its type in `faults.ts`, its row in the documentation, and an entry here. */
export const FAULTS: { readonly [T in FaultType]: FaultKind<Extract<Fault, { type: T }>> } = {
  reset: breaking('reset', STREAMING_OPERATIONS, true),
  cut: breaking('cut', STREAMING_OPERATIONS, true),
  'cut-in-block': {
    operations: ['GetMedia'],
    members: { block: required(whole(1)) },
    effect: ({ block }) => ({ cutInBlock: block }),
    draw: draw => ({ type: 'cut-in-block', block: 1 + draw(100) }),
    isDrawnByDefault: true,
  },
  end: breaking('end', STREAMING_OPERATIONS, true),
  'no-last-chunk': breaking('no-last-chunk', ['PutMedia'], true),
  stall: breaking('stall', STREAMING_OPERATIONS, false),
  drip: {
    operations: STREAMING_OPERATIONS,
    members: { bytesPerSecond: required(whole(1)) },
    effect: ({ bytesPerSecond }) => ({ bytesPerSecond }),
    draw: draw => ({ type: 'drip', bytesPerSecond: 1000 + draw(100_000) }),
    isDrawnByDefault: false,
  },
  throttle: {
    operations: FAULT_OPERATIONS,
    members: {},
    effect: () => ({ refuse: tooManyCalls }),
    draw: () => ({ type: 'throttle' }),
    isDrawnByDefault: true,
  },
  exception: {
    operations: FAULT_OPERATIONS,
    members: { errorType: text(), statusCode: whole(200, 599), message: text(), body: text() },
    effect: fault => ({ refuse: () => new FaultAnswer(fault) }),
    draw: draw => ({ type: 'exception', errorType: ['InternalFailure', 'ServiceUnavailable'][draw(2)]! }),
    isDrawnByDefault: true,
  },
  'error-tag': {
    operations: ['GetMedia'],
    members: {
      id: required(whole(0)),
      code: text(),
      withFragmentNumber: textOrFlag(),
      ...AFTER_FRAGMENTS,
    },
    effect: ({ id, code = errorCodeOf(id), withFragmentNumber = false, afterFragments = 0 }) => ({
      errorTag: {
        afterFragments,
        make: next => {
          const given = typeof withFragmentNumber === 'string' ? withFragmentNumber : undefined
          const own = withFragmentNumber === true && next !== undefined ? String(next) : undefined
          return { id, code, fragmentNumber: given ?? own }
        },
      },
    }),
    draw: draw => ({ type: 'error-tag', id: [3002, 5000][draw(2)]!, afterFragments: draw(4) }),
    isDrawnByDefault: true,
  },
  'stale-endpoint': {
    operations: DATA_OPERATIONS,
    members: {},
    effect: () => ({ refuse: () => staleEndpoint(), staleEndpoint: true }),
    draw: () => ({ type: 'stale-endpoint' }),
    isDrawnByDefault: false,
  },
  'clock-skew': {
    operations: FAULT_OPERATIONS,
    members: {},
    effect: () => ({
      refuse: () =>
        new FaultAnswer({ errorType: 'RequestExpired', message: 'Signature expired: the clocks differ' }),
    }),
    draw: () => ({ type: 'clock-skew' }),
    isDrawnByDefault: false,
  },
  'no-trailing-tags': {
    operations: ['GetMedia'],
    members: AFTER_FRAGMENTS,
    effect: ({ afterFragments = 0 }) => ({
      chunkChange: { afterFragments, change: leaveOutTrailingTags },
    }),
    draw: draw => ({ type: 'no-trailing-tags', afterFragments: draw(4) }),
    isDrawnByDefault: false,
  },
  'repeated-timecode': {
    operations: ['GetMedia'],
    members: AFTER_FRAGMENTS,
    effect: ({ afterFragments = 0 }) => ({ chunkChange: { afterFragments, change: repeatTimestamp } }),
    draw: draw => ({ type: 'repeated-timecode', afterFragments: draw(4) }),
    isDrawnByDefault: false,
  },
  'backward-timecode': {
    operations: ['GetMedia'],
    members: AFTER_FRAGMENTS,
    effect: ({ afterFragments = 0 }) => ({ chunkChange: { afterFragments, change: restartTimestamps } }),
    draw: draw => ({ type: 'backward-timecode', afterFragments: draw(4) }),
    isDrawnByDefault: false,
  },
  'recycled-stream': {
    operations: ['GetMedia'],
    members: { contactId: text(), ...AFTER_FRAGMENTS },
    effect: ({ afterFragments = 0, contactId }) => ({
      chunkChange: { afterFragments, change: addContact(contactId) },
    }),
    draw: draw => ({ type: 'recycled-stream', afterFragments: draw(4) }),
    isDrawnByDefault: false,
  },
  'error-ack': {
    operations: ['PutMedia'],
    members: { errorCode: text(), errorId: whole(0), inPlaceOf: oneOf(ACK_TYPES), ...AFTER_FRAGMENTS },
    check: (fault, path) => void plannedError(fault, path),
    effect(fault) {
      const errorAck = plannedError(fault, 'fault')
      const { afterFragments, inPlaceOf } = errorAck
      // The one that it takes the place of is never sent.
      const lateAcks: LateAcks = { types: [inPlaceOf], afterFragments, fragments: 1, delayMs: NEVER }
      return { errorAck, lateAcks }
    },
    draw: draw => ({
      type: 'error-ack',
      errorCode: ['INTERNAL_ERROR', 'ARCHIVAL_ERROR', 'STREAM_READ_ERROR'][draw(3)]!,
      afterFragments: draw(4),
    }),
    isDrawnByDefault: true,
  },
  'withhold-acks': {
    operations: ['PutMedia'],
    members: { ackTypes: someOf([...ACK_TYPES, 'IDLE']), fragments: whole(1), ...AFTER_FRAGMENTS },
    effect: fault => ({ lateAcks: lateAcks(fault, NEVER) }),
    draw: draw => ({ type: 'withhold-acks', afterFragments: draw(4), fragments: 1 + draw(4) }),
    isDrawnByDefault: false,
  },
  'late-acks': {
    operations: ['PutMedia'],
    members: {
      delayMs: required(whole(1, MAX_TIMER_MS)),
      ackTypes: someOf([...ACK_TYPES, 'IDLE']),
      fragments: whole(1),
      ...AFTER_FRAGMENTS,
    },
    effect: fault => ({ lateAcks: lateAcks(fault, fault.delayMs) }),
    draw: draw => ({ type: 'late-acks', afterFragments: draw(4), delayMs: 1 + draw(2000) }),
    isDrawnByDefault: false,
  },
}

/** The kind of a fault. */
export function kindOf(fault: Fault): FaultKind<Fault> {
  return FAULTS[fault.type]
}

/** The operation that a fault strikes. */
export function operationOf(fault: Fault): FaultOperation {
  return fault.operation ?? kindOf(fault).operations[0]!
}

/** The effect of a fault; empty without one. */
export function effectOf(fault: Fault | undefined): FaultEffect {
  return fault === undefined ? {} : kindOf(fault).effect(fault)
}

/** The answer of an endpoint that does not serve the stream any more. */
export function staleEndpoint(): FaultAnswer {
  const message = 'The endpoint does not serve this stream any more; call GetDataEndpoint'
  return new FaultAnswer({ errorType: 'InvalidEndpointException', message })
}

type BreakType = 'reset' | 'cut' | 'end' | 'stall' | 'no-last-chunk'
type Breaking<T extends BreakType> = Extract<Fault, { type: T }>

/** A fault that ends the connection, or one direction of it, at a position. */
function breaking<T extends BreakType & BodyEnd>(
  type: T,
  operations: readonly FaultOperation[],
  isDrawnByDefault: boolean,
): FaultKind<Breaking<T>> {
  return {
    operations,
    members: { atByte: whole(0), ...AFTER_FRAGMENTS },
    check({ atByte, afterFragments }: BreakPoint, path: string) {
      if (atByte === undefined && afterFragments === undefined)
        throw new OptionError(`${path}.atByte`, 'be given, or `afterFragments`', atByte)
      if (atByte !== undefined && afterFragments !== undefined)
        throw new OptionError(`${path}.afterFragments`, 'be absent beside `atByte`', afterFragments)
    },
    effect: ({ atByte, afterFragments }: BreakPoint) => ({ breakOff: { how: type, atByte, afterFragments } }),
    draw: (draw, maxByte) => ({ type, atByte: draw(maxByte) }) as Breaking<T>,
    isDrawnByDefault,
  }
}

/** An error by its name, its id, or both; one of the two alone must be known. @throws OptionError */
function plannedError(fault: Extract<Fault, { type: 'error-ack' }>, path: string): PlannedError {
  const { errorCode, errorId, afterFragments = 0, inPlaceOf = 'RECEIVED' } = fault
  const place = { afterFragments, inPlaceOf }
  if (errorCode !== undefined && errorId !== undefined) return { errorCode, errorId, ...place }
  const known = Object.entries(PUT_MEDIA_ERRORS).find(([code, id]) => code === errorCode || id === errorId)
  if (known !== undefined) return { errorCode: known[0], errorId: known[1], ...place }
  if (errorId !== undefined) {
    throw new OptionError(
      `${path}.errorId`,
      'be an id of PutMedia, or have an `errorCode` beside it',
      errorId,
    )
  }
  const names = Object.keys(PUT_MEDIA_ERRORS).join(', ')
  throw new OptionError(
    `${path}.errorCode`,
    `be one of ${names}, or have an \`errorId\` beside it`,
    errorCode,
  )
}

function lateAcks(fault: Omit<WithholdAcksFault, 'type'>, delayMs: number): LateAcks {
  const {
    ackTypes = [...ACK_TYPES, 'IDLE'],
    afterFragments = 0,
    fragments = Number.POSITIVE_INFINITY,
  } = fault
  return { types: ackTypes, afterFragments, fragments, delayMs }
}
