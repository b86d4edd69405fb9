import { type Clock, sleep, systemClock } from '../../core/clock.ts'
import { AckDelays } from '../faults/ack-delays.ts'
import type { AckType, PlannedError } from '../faults/fault-effect.ts'
import type { ResponseBody } from '../server/response-body.ts'
import { PUT_MEDIA_ERRORS, type PutMediaErrorCode } from './error-codes.ts'

/** The fragment that an acknowledgement is about. */
export type AcknowledgedFragment = {
  readonly number: bigint
  /** The Cluster's timestamp as it is in the media: in ticks of the TimestampScale. */
  readonly timecode: bigint
}

/** What became of a fragment. */
export type FragmentEvent = 'BUFFERING' | 'RECEIVED' | 'PERSISTED'

/** The response of PutMedia: one JSON object a line, as things happen. */
export class Acknowledgements {
  readonly #body: ResponseBody
  readonly #areWanted: boolean
  readonly #delays: AckDelays
  readonly #clock: Clock
  readonly #late = new Set<Promise<void>>()
  #taken: Promise<unknown> = Promise.resolve()

  /** Without `areWanted` only errors are sent. `delays` comes from a fault. */
  constructor(
    body: ResponseBody,
    areWanted: boolean,
    delays: AckDelays = new AckDelays(undefined),
    clock: Clock = systemClock,
  ) {
    this.#body = body
    this.#areWanted = areWanted
    this.#delays = delays
    this.#clock = clock
  }

  /** Resolves when the client has taken so many that more may be sent; a client that reads none holds its own upload back. */
  get taken(): Promise<unknown> {
    return this.#taken
  }

  tell(event: FragmentEvent, fragment: AcknowledgedFragment): void {
    this.#send(event, fragment)
  }

  tellIdle(fragment: AcknowledgedFragment | undefined): void {
    this.#send('IDLE', fragment)
  }

  tellError(code: PutMediaErrorCode, fragment: AcknowledgedFragment | undefined): void {
    const error = { ErrorCode: code, ErrorId: PUT_MEDIA_ERRORS[code] }
    this.#write({ EventType: 'ERROR', ...membersOf(fragment), ...error })
  }

  /** An ERROR that a fault plans, whatever its id. */
  tellPlannedError({ errorCode, errorId }: PlannedError, fragment: AcknowledgedFragment | undefined): void {
    const error = { ErrorCode: errorCode, ErrorId: errorId }
    this.#write({ EventType: 'ERROR', ...membersOf(fragment), ...error })
  }

  /** Resolves when those that a fault makes late are sent, or the client has gone. */
  async whenLateAreSent(): Promise<void> {
    await Promise.all(this.#late)
  }

  #send(type: AckType, fragment: AcknowledgedFragment | undefined): void {
    const delayMs = this.#delays.delayMs(type, fragment?.number)
    if (!this.#areWanted || delayMs === Number.POSITIVE_INFINITY) return
    const acknowledgement = { EventType: type, ...membersOf(fragment) }
    if (delayMs === 0) this.#write(acknowledgement)
    else this.#sendLate(acknowledgement, delayMs)
  }

  #sendLate(acknowledgement: Record<string, unknown>, delayMs: number): void {
    const sent = sleep(delayMs, this.#clock, this.#body.closed)
      .then(
        () => this.#write(acknowledgement),
        () => {},
      )
      .finally(() => this.#late.delete(sent))
    this.#late.add(sent)
  }

  #write(acknowledgement: Record<string, unknown>): void {
    const line = Buffer.from(`${jsonOf(acknowledgement)}\n`)
    // A client that went is noticed where its upload is read.
    this.#taken = this.#body.write(line).catch(() => {})
  }
}

function membersOf(fragment: AcknowledgedFragment | undefined): Record<string, unknown> {
  if (fragment === undefined) return {}
  return { FragmentTimecode: fragment.timecode, FragmentNumber: String(fragment.number) }
}

/** JSON with bigints as numbers of all their digits, which JSON.stringify cannot write. */
function jsonOf(members: Record<string, unknown>): string {
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  const pairs = given.map(([name, value]) => {
    const json = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
    return `${JSON.stringify(name)}:${json}`
  })
  return `{${pairs.join()}}`
}
