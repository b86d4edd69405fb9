import { OptionError } from '../errors.ts'
import { choiceOption, knownOptions, numberOption } from '../options.ts'
import { type RandomFaultOptions, RandomFaults } from './faults/random-faults.ts'
import type { BodyEnd } from './response-body.ts'
import { ServiceException, statusCodeOf, tooManyCalls } from './service-exception.ts'
import { type ErrorTag, errorCodeOf } from './service-tags.ts'

/** A TCP reset after so many body bytes. What the client's system has not handed on yet may be lost with it. */
export type ResetFault = { readonly type: 'reset'; readonly atByte: number }
/** The connection closes after so many body bytes, with the body not ended. */
export type CutFault = { readonly type: 'cut'; readonly atByte: number }
/** The connection closes in the middle of a block: the n-th of the response, counted from 1. */
export type CutInBlockFault = { readonly type: 'cut-in-block'; readonly block: number }
/** The body ends cleanly after so many bytes, wherever that is. */
export type EndFault = { readonly type: 'end'; readonly atByte: number }
/** Silence after so many body bytes, until the client goes. */
export type StallFault = { readonly type: 'stall'; readonly atByte: number }
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
/** Bytes at this rate. */
export type DripFault = { readonly type: 'drip'; readonly bytesPerSecond: number }
/** GetMedia is refused with InvalidEndpointException until GetDataEndpoint is asked again for the stream. */
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

/** Something that goes wrong with one GetMedia call. */
export type Fault =
  | ResetFault
  | CutFault
  | CutInBlockFault
  | EndFault
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

/** The fields of each fault, besides `type`. */
const FAULT_FIELDS: {
  readonly [Type in Fault['type']]: {
    readonly [Field in Exclude<keyof Extract<Fault, { readonly type: Type }>, 'type'>]: true
  }
} = {
  reset: { atByte: true },
  cut: { atByte: true },
  'cut-in-block': { block: true },
  end: { atByte: true },
  stall: { atByte: true },
  exception: { errorType: true, statusCode: true, message: true, body: true },
  throttle: {},
  'error-tag': { id: true, code: true, afterFragments: true, withFragmentNumber: true },
  drip: { bytesPerSecond: true },
  'stale-endpoint': {},
  'clock-skew': {},
  'no-trailing-tags': { afterFragments: true },
  'repeated-timecode': { afterFragments: true },
  'backward-timecode': { afterFragments: true },
  'recycled-stream': { afterFragments: true, contactId: true },
}

/** An answer other than a body, made by a fault. */
export class FaultAnswer extends ServiceException {
  /** In place of the JSON. */
  readonly body: string | undefined

  constructor(fault: ExceptionFault) {
    const statusCode =
      fault.statusCode ?? (fault.errorType === undefined ? 500 : statusCodeOf(fault.errorType))
    super(fault.errorType ?? '', fault.message ?? 'made by the fault plan', statusCode)
    this.body = fault.body
  }
}

/** The faults of all streams: a queue for each, of which every GetMedia call that passes the limits takes one. */
export class FaultPlan {
  readonly #queues = new Map<string, (Fault | undefined)[]>()
  readonly #random = new Map<string, RandomFaults>()
  /** Streams whose endpoint counts as stale until it is asked for again. */
  readonly #stale = new Set<string>()

  /** Puts these after those still waiting; `null`, `undefined` or `'none'` lets a call pass. @throws OptionError */
  add(streamName: string, faults: readonly (Fault | 'none' | null | undefined)[]): void {
    const checked = faults.map((fault, index) => checkFault(fault, `faults[${index}]`))
    this.#queues.set(streamName, [...(this.#queues.get(streamName) ?? []), ...checked])
  }

  /** Once the queue is used up, faults come by chance. @throws OptionError */
  addRandom(streamName: string, options: RandomFaultOptions): void {
    this.#random.set(streamName, new RandomFaults(options))
  }

  /** Takes the next fault of a stream; `undefined` where none is planned. */
  take(streamName: string): Fault | undefined {
    const queue = this.#queues.get(streamName)
    const fault =
      queue !== undefined && queue.length > 0 ? queue.shift() : this.#random.get(streamName)?.next()
    if (fault?.type === 'stale-endpoint') this.#stale.add(streamName)
    return fault
  }

  /** Refuses a call whose endpoint is stale. @throws ServiceException */
  checkEndpoint(streamName: string): void {
    if (this.#stale.has(streamName)) throw staleEndpoint()
  }

  /** GetDataEndpoint was asked: what it answers is good. */
  renewEndpoint(streamName: string): void {
    this.#stale.delete(streamName)
  }

  /** How many planned calls of a stream are still to come; those by chance do not count. */
  pending(streamName: string): number {
    return this.#queues.get(streamName)?.length ?? 0
  }

  /** Forgets what is planned, for one stream or for all. */
  clear(streamName?: string): void {
    const names =
      streamName === undefined
        ? [...this.#queues.keys(), ...this.#random.keys(), ...this.#stale]
        : [streamName]
    for (const name of names) {
      this.#queues.delete(name)
      this.#random.delete(name)
      this.#stale.delete(name)
    }
  }
}

/** Raises a fault that answers in place of a body; others are left to the session. @throws ServiceException */
export function raiseFault(fault: Fault | undefined, streamName: string): void {
  if (fault?.type === 'throttle') throw tooManyCalls('GetMedia', streamName)
  if (fault?.type === 'exception') throw new FaultAnswer(fault)
  if (fault?.type === 'stale-endpoint') throw staleEndpoint()
  if (fault?.type === 'clock-skew') {
    throw new FaultAnswer({
      type: 'exception',
      errorType: 'RequestExpired',
      message: 'Signature expired: the clocks differ',
    })
  }
}

function staleEndpoint(): FaultAnswer {
  const message = 'The endpoint does not serve this stream any more; call GetDataEndpoint'
  return new FaultAnswer({ type: 'exception', errorType: 'InvalidEndpointException', message })
}

/** Where the body breaks off by a fault that counts bytes. */
export function plannedBreak(
  fault: Fault | undefined,
): { readonly atByte: number; readonly how: BodyEnd } | undefined {
  if (fault === undefined || !('atByte' in fault)) return undefined
  return { atByte: fault.atByte, how: fault.type }
}

/** What an error-tag fault says; `nextNumber` is the fragment that would have come next. */
export function errorOf(fault: ErrorTagFault, nextNumber: bigint | undefined): ErrorTag {
  const { withFragmentNumber = false, id } = fault
  const given = typeof withFragmentNumber === 'string' ? withFragmentNumber : undefined
  const next = withFragmentNumber === true && nextNumber !== undefined ? String(nextNumber) : undefined
  return { id, code: fault.code ?? errorCodeOf(id), fragmentNumber: given ?? next }
}

function checkFault(fault: Fault | 'none' | null | undefined, path: string): Fault | undefined {
  if (fault === null || fault === undefined || fault === 'none') return undefined
  if (typeof fault !== 'object') throw new OptionError(path, 'be a fault, or null for none', fault)
  choiceOption<string>(`${path}.type`, fault.type ?? '', '', Object.keys(FAULT_FIELDS))
  const fields = ['type', ...Object.keys(FAULT_FIELDS[fault.type])]
  knownOptions(`a fault of type "${fault.type}"`, fault, fields, `${path}.`)
  if (['reset', 'cut', 'end', 'stall'].includes(fault.type)) checkNumber(fault, 'atByte', path, 0)
  if (fault.type === 'cut-in-block') checkNumber(fault, 'block', path, 1)
  if (fault.type === 'error-tag') checkNumber(fault, 'id', path, 0)
  if ('afterFragments' in fault)
    numberOption(`${path}.afterFragments`, fault.afterFragments, 0, { integer: true })
  if (fault.type === 'drip') checkNumber(fault, 'bytesPerSecond', path, 1)
  if (fault.type === 'exception') {
    numberOption(`${path}.statusCode`, fault.statusCode, 500, { min: 200, max: 599, integer: true })
  }
  return fault
}

/** A number that must be there. */
function checkNumber(fault: Fault, name: string, path: string, min: number): void {
  const value: unknown = Reflect.get(fault, name)
  numberOption(`${path}.${name}`, value ?? null, min, { min, integer: true })
}
