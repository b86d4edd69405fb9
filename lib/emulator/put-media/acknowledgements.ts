import type { ResponseBody } from '../response-body.ts'
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
  #taken: Promise<unknown> = Promise.resolve()

  /** Without `areWanted` only errors are told. */
  constructor(body: ResponseBody, areWanted: boolean) {
    this.#body = body
    this.#areWanted = areWanted
  }

  /** Resolves when the client has taken so many that more may be sent; a client that reads none holds its own upload back. */
  get taken(): Promise<unknown> {
    return this.#taken
  }

  tell(event: FragmentEvent, fragment: AcknowledgedFragment): void {
    if (this.#areWanted) this.#write({ EventType: event, ...membersOf(fragment) })
  }

  tellIdle(fragment: AcknowledgedFragment | undefined): void {
    if (this.#areWanted) this.#write({ EventType: 'IDLE', ...membersOf(fragment) })
  }

  tellError(code: PutMediaErrorCode, fragment: AcknowledgedFragment | undefined): void {
    const error = { ErrorCode: code, ErrorId: PUT_MEDIA_ERRORS[code] }
    this.#write({ EventType: 'ERROR', ...membersOf(fragment), ...error })
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
  const pairs = Object.entries(members).map(([name, value]) => {
    const json = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
    return `${JSON.stringify(name)}:${json}`
  })
  return `{${pairs.join()}}`
}
