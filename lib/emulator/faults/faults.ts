import { OptionError } from '../../core/errors.ts'
import { choiceOption, knownOptions } from '../../core/options.ts'
import type { RequestRecord } from '../server/request-log.ts'
import { formatStreamLabel, parseStreamLabel } from '../streams/region.ts'
import type { FaultEffect } from './fault-effect.ts'
import { DATA_OPERATIONS, FAULT_OPERATIONS, type FaultOperation } from './fault-operations.ts'
import { effectOf, FAULTS, kindOf, operationOf, staleEndpoint } from './fault-table.ts'
import { type RandomFaultOptions, RandomFaults } from './random-faults.ts'

/**
 * A position in a body: after N bytes, or after N whole fragments. For PutMedia it is a position in the upload, and every
 * whole fragment before it is stored and acknowledged as usual.
 */
export type BreakPoint =
  | { readonly atByte: number; readonly afterFragments?: undefined }
  | { readonly atByte?: undefined; readonly afterFragments: number }

/** A TCP reset. Bytes that the client has not read yet may be lost with it. */
export type ResetFault = { readonly type: 'reset' } & BreakPoint
/**
 * The connection closes in both directions, with the body not ended. A producer that is still sending may see a reset.
 */
export type CutFault = { readonly type: 'cut' } & BreakPoint
/** The connection closes in the middle of a block: the n-th of the response, counted from 1. */
export type CutInBlockFault = { readonly type: 'cut-in-block'; readonly block: number }
/** The response ends cleanly, in the middle of an element or not. */
export type EndFault = { readonly type: 'end' } & BreakPoint
/**
 * PutMedia: a FIN in place of the chunk that ends the response. The upload is read for one more second.
 */
export type NoLastChunkFault = { readonly type: 'no-last-chunk' } & BreakPoint
/** Silence, with the connection open until the client closes it. PutMedia's upload is not read any more. */
export type StallFault = { readonly type: 'stall' } & BreakPoint
/** An exception in place of a body. */
export type ExceptionFault = {
  readonly type: 'exception'
  /** The name on the wire; without it no header and no member names the error, as from a proxy. */
  readonly errorType?: string
  /** @default what goes with the name; 500 without a name */
  readonly statusCode?: number
  readonly message?: string
  /** Sent as it is and as `text/html`, in place of the JSON. */
  readonly body?: string
}
/** The answer to too many calls. */
export type ThrottleFault = { readonly type: 'throttle' }
/** An error in the 200 body, after so many whole fragments; the body ends with it. */
export type ErrorTagFault = {
  readonly type: 'error-tag'
  readonly id: number
  /** @default the name that goes with the id */
  readonly code?: string
  /** @default 0 */
  readonly afterFragments?: number
  /** Names the fragment that would have come next: `true`, or a number of your own. @default false */
  readonly withFragmentNumber?: boolean | string
}
/** Bytes at this rate: of the response, or for PutMedia of the upload. */
export type DripFault = { readonly type: 'drip'; readonly bytesPerSecond: number }
/** Calls are refused with InvalidEndpointException until GetDataEndpoint is asked again for the stream. */
export type StaleEndpointFault = { readonly type: 'stale-endpoint' }
/** The service's clock seems to be off: the answer of one whose clock differs by more than it tolerates. */
export type ClockSkewFault = { readonly type: 'clock-skew' }
/** The chunk behind so many whole ones lacks the service's last tags, and with them its token. */
export type NoTrailingTagsFault = { readonly type: 'no-trailing-tags'; readonly afterFragments?: number }
/** From the fragment behind so many on, the Cluster's timestamp is that of the one before. */
export type RepeatedTimecodeFault = { readonly type: 'repeated-timecode'; readonly afterFragments?: number }
/** From the fragment behind so many on, Cluster timestamps start at zero again. */
export type BackwardTimecodeFault = { readonly type: 'backward-timecode'; readonly afterFragments?: number }
/** From the fragment behind so many on, a ContactId tag names another call, as on Amazon Connect's reused streams. */
export type RecycledStreamFault = {
  readonly type: 'recycled-stream'
  readonly afterFragments?: number
  readonly contactId?: string
}

/** PutMedia: an ERROR acknowledgement, with which the session ends. */
export type ErrorAckFault = {
  readonly type: 'error-ack'
  /** A name such as `ARCHIVAL_ERROR`; the id goes with it. With an `errorId` of your own, any text. */
  readonly errorCode?: string
  /** An id such as 5001; the name goes with it. */
  readonly errorId?: number
  /** The number of whole fragments before the one that it is about. @default 0 */
  readonly afterFragments?: number
  /** The acknowledgement of that fragment that is replaced. Only with `PERSISTED` is the fragment stored. @default 'RECEIVED' */
  readonly inPlaceOf?: AckEvent
}
/** PutMedia: acknowledgements that are never sent, though the media is stored. */
export type WithholdAcksFault = {
  readonly type: 'withhold-acks'
  /** @default all of them */
  readonly ackTypes?: readonly (AckEvent | 'IDLE')[]
  /** The number of fragments before the first one that is affected. @default 0 */
  readonly afterFragments?: number
  /** The number of fragments that are affected. @default all that follow */
  readonly fragments?: number
}
/** PutMedia: acknowledgements that come late, in milliseconds. The response does not end before them. */
export type LateAcksFault = Omit<WithholdAcksFault, 'type'> & {
  readonly type: 'late-acks'
  readonly delayMs: number
}
/** The acknowledgements of one fragment. */
export type AckEvent = 'BUFFERING' | 'RECEIVED' | 'PERSISTED'

/** Something that goes wrong with one call. */
export type Fault = (
  | ResetFault
  | CutFault
  | CutInBlockFault
  | EndFault
  | NoLastChunkFault
  | StallFault
  | ExceptionFault
  | ThrottleFault
  | ErrorTagFault
  | DripFault
  | StaleEndpointFault
  | ClockSkewFault
  | NoTrailingTagsFault
  | RepeatedTimecodeFault
  | BackwardTimecodeFault
  | RecycledStreamFault
  | ErrorAckFault
  | WithholdAcksFault
  | LateAcksFault
) & {
  /** The operation that it strikes. @default PutMedia for faults that only PutMedia has, else GetMedia */
  readonly operation?: FaultOperation
}

/** The kinds of faults. */
export type FaultType = Fault['type']

/** An entry of a plan that lets one call of an operation pass. */
export type NoFault = { readonly type: 'none'; readonly operation?: FaultOperation }

/** An entry of a plan; `null`, `undefined` and `'none'` let a GetMedia call pass. */
export type PlannedFault = Fault | NoFault | 'none' | null | undefined

/** The stream of a call. */
type CalledStream = { readonly name: string }

/**
 * The faults of all streams: for each operation of a stream a queue, of which every call takes one. A queue is kept
 * under a stream's name, for that stream in whichever region, or under `REGION/NAME`, and that one is used up first.
 */
export class FaultPlan {
  readonly #queues = new Map<string, (Fault | undefined)[]>()
  readonly #random = new Map<string, RandomFaults>()
  /** Operations of streams whose endpoint counts as stale until it is asked for again. */
  readonly #stale = new Set<string>()

  /** Puts these after those still waiting. @throws OptionError */
  add(label: string, faults: readonly PlannedFault[]): void {
    parseStreamLabel('streamName', label)
    const checked = faults.map((fault, index) => checkPlanned(fault, `faults[${index}]`))
    for (const { operation, fault } of checked) {
      const key = keyOf(operation, label)
      const queue = this.#queues.get(key) ?? []
      this.#queues.set(key, queue)
      queue.push(fault)
    }
  }

  /** Once the queue is used up, faults come by chance. @throws OptionError */
  addRandom(label: string, options: RandomFaultOptions): void {
    parseStreamLabel('streamName', label)
    const faults = new RandomFaults(options)
    this.#random.set(keyOf(faults.operation, label), faults)
  }

  /**
   * Takes the fault of a call that would be answered otherwise, and notes it in the record.
   *
   * @returns its effect on the body, empty where no fault is planned
   * @throws ServiceException where it refuses the call
   */
  strike(operation: FaultOperation, { name }: CalledStream, record: RequestRecord): FaultEffect {
    const { region } = record
    const stale = keyOf(operation, formatStreamLabel({ name, region }))
    if (this.#stale.has(stale)) throw staleEndpoint()
    const fault = this.#take(operation, name, region)
    const effect = effectOf(fault)
    record.fault = fault?.type
    if (effect.staleEndpoint) this.#stale.add(stale)
    if (effect.refuse !== undefined) throw effect.refuse(operation, name)
    return effect
  }

  /** GetDataEndpoint was called: the endpoint is valid again. */
  renewEndpoint({ name }: CalledStream, region: string): void {
    for (const operation of DATA_OPERATIONS) {
      this.#stale.delete(keyOf(operation, formatStreamLabel({ name, region })))
    }
  }

  /** How many planned calls are still to come that this stream may take; those by chance do not count. */
  pending(label: string): number {
    const { name, region } = parseStreamLabel('streamName', label)
    const counts = [...this.#queues].map(([key, queue]) => {
      const planned = labelOf(key)
      const isMeant = region === undefined ? hasName(planned, name) : planned === label || planned === name
      return isMeant ? queue.length : 0
    })
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Forgets what is planned, for one stream or for all. */
  clear(label?: string): void {
    const { name, region } = parseStreamLabel('streamName', label ?? '')
    for (const keys of [this.#queues, this.#random, this.#stale]) {
      for (const key of [...keys.keys()]) {
        const planned = labelOf(key)
        const isMeant = region === undefined ? hasName(planned, name) : planned === label
        if (label === undefined || isMeant) keys.delete(key)
      }
    }
  }

  #take(operation: FaultOperation, name: string, region: string): Fault | undefined {
    const keys = [formatStreamLabel({ name, region }), name].map(label => keyOf(operation, label))
    for (const key of keys) {
      const queue = this.#queues.get(key)
      if (queue !== undefined && queue.length > 0) return queue.shift()
    }
    return keys
      .map(key => this.#random.get(key))
      .find(faults => faults !== undefined)
      ?.next()
  }
}

function keyOf(operation: FaultOperation, label: string): string {
  return `${operation} ${label}`
}

function labelOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

function hasName(label: string, name: string): boolean {
  return label === name || label.endsWith(`/${name}`)
}

type Checked = { readonly operation: FaultOperation; readonly fault: Fault | undefined }

function checkPlanned(planned: PlannedFault, path: string): Checked {
  if (planned === null || planned === undefined || planned === 'none')
    return { operation: 'GetMedia', fault: undefined }
  if (typeof planned !== 'object' || Array.isArray(planned))
    throw new OptionError(path, 'be a fault, or null to let a call pass', planned)
  if (planned.type === 'none') {
    checkMembers(planned, {}, path)
    return {
      operation: choiceOption(`${path}.operation`, planned.operation, 'GetMedia', FAULT_OPERATIONS),
      fault: undefined,
    }
  }
  choiceOption<string>(`${path}.type`, planned.type ?? '', '', [...Object.keys(FAULTS), 'none'])
  const kind = kindOf(planned)
  choiceOption(`${path}.operation`, planned.operation, kind.operations[0]!, kind.operations)
  checkMembers(planned, kind.members, path)
  kind.check?.(planned, path)
  return { operation: operationOf(planned), fault: planned }
}

/** Every member must be known and fit its rule, so that a misspelt one is not ignored. */
function checkMembers(fault: Fault | NoFault, rules: FaultMembers, path: string): void {
  knownOptions(
    `a fault of type "${fault.type}"`,
    fault,
    ['type', 'operation', ...Object.keys(rules)],
    `${path}.`,
  )
  for (const [name, { isRequired, check }] of Object.entries(rules)) {
    const value: unknown = Reflect.get(fault, name)
    // `null` breaks every rule, and the message then names the rule.
    if (value !== undefined || isRequired) check(value ?? null, `${path}.${name}`)
  }
}

type FaultMembers = ReturnType<typeof kindOf>['members']
