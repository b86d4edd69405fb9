import type { AcknowledgedFragment, FragmentEvent } from '../ingest/acknowledgements.ts'
import type { BodyEnd } from '../server/response-body.ts'
import type { FaultEffect, PlannedError } from './fault-effect.ts'

/** Ends a PutMedia session as planned: its connection breaks, or its response ends. */
export class PlannedBreak extends Error {
  readonly how: BodyEnd

  constructor(how: BodyEnd) {
    super('the upload broke off as planned')
    this.how = how
  }
}

/** Ends a PutMedia session with a planned ERROR acknowledgement. */
export class PlannedErrorAck extends Error {
  readonly error: PlannedError
  readonly fragment: AcknowledgedFragment | undefined

  constructor(error: PlannedError, fragment: AcknowledgedFragment | undefined) {
    super('an ERROR acknowledgement as planned')
    this.error = error
    this.fragment = fragment
  }
}

/**
 * The effect of a fault on one PutMedia session, which calls it at each step: it counts the upload's bytes and fragments,
 * and throws `PlannedBreak` or `PlannedErrorAck` where the fault strikes.
 */
export class UploadFault {
  readonly #effect: FaultEffect
  #bytes = 0
  #fragmentsBegun = 0
  #fragmentsWhole = 0

  constructor(effect: FaultEffect) {
    this.#effect = effect
  }

  /** The rate at which the upload is read, where it is not the service's. */
  get bytesPerSecond(): number | undefined {
    return this.#effect.bytesPerSecond
  }

  /** The part of the next bytes that comes before a planned break. */
  cut(bytes: Uint8Array): Uint8Array {
    const left = (this.#effect.breakOff?.atByte ?? Number.POSITIVE_INFINITY) - this.#bytes
    const cut = bytes.length <= left ? bytes : bytes.subarray(0, left)
    this.#bytes += cut.length
    return cut
  }

  /** To be called before bytes are read, and after each whole fragment. @throws PlannedBreak */
  checkBreak(): void {
    const { breakOff } = this.#effect
    if (breakOff === undefined) return
    const { how, atByte = Number.POSITIVE_INFINITY, afterFragments = Number.POSITIVE_INFINITY } = breakOff
    if (this.#bytes >= atByte || this.#fragmentsWhole >= afterFragments) throw new PlannedBreak(how)
  }

  /** A fragment begins. @throws PlannedErrorAck */
  begin(fragment: AcknowledgedFragment | undefined): void {
    this.#checkError(this.#fragmentsBegun++, 'BUFFERING', fragment)
  }

  /** A fragment is whole; `store` stores it, unless the fault comes first. @throws PlannedErrorAck, PlannedBreak */
  finish(fragment: AcknowledgedFragment | undefined, store: () => void): void {
    const index = this.#fragmentsWhole
    this.#checkError(index, 'RECEIVED', fragment)
    store()
    this.#fragmentsWhole++
    this.#checkError(index, 'PERSISTED', fragment)
    this.checkBreak()
  }

  #checkError(index: number, event: FragmentEvent, fragment: AcknowledgedFragment | undefined): void {
    const { errorAck } = this.#effect
    if (errorAck?.inPlaceOf !== event || errorAck.afterFragments !== index) return
    throw new PlannedErrorAck(errorAck, fragment)
  }
}
