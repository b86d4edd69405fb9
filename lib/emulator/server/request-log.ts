import type { FragmentListEnd } from '../archive/fragment-list-body.ts'
import type { PutMediaEnd } from '../ingest/put-media-session.ts'
import type { SessionEnd } from '../streams/get-media-session.ts'

/** One request that the emulator got, and what became of it. Fields are filled in as it goes on. */
export type RequestRecord = {
  /** The operation's name, such as `GetMedia`; `undefined` for a path that is none. */
  readonly operation: string | undefined
  readonly path: string
  /** When it came, in epoch milliseconds. */
  readonly at: number
  readonly requestId: string
  /** The region in whose name it was signed; the default region where it is not signed, or the signature is refused. */
  region: string
  /** The key that signed it; `undefined` where that was not checked or failed. */
  accessKeyId: string | undefined
  /** The JSON body; `undefined` where it is none, and for old requests whose bodies were large. */
  body: unknown
  statusCode: number | undefined
  /** The exception's name where the answer is one. */
  errorType: string | undefined
  /** The fault that was taken from the plan. */
  fault: string | undefined
  /** Bytes of a streaming body so far. */
  bytesSent: number
  /** Why a streaming body ended. */
  endedBy: SessionEnd | PutMediaEnd | FragmentListEnd | undefined
  /** Resolves when the answer is over: sent, broken off, or left by the client. */
  readonly finished: Promise<void>
}

/** Most requests that are kept; older ones are forgotten, so that a long run does not grow. */
const MOST_REQUESTS = 10_000

/** Most bytes of bodies that are kept; older bodies are forgotten, their requests stay. */
const MOST_BODY_BYTES = 16_777_216

/** The requests of one emulator, oldest first. */
export class RequestLog {
  readonly records: RequestRecord[] = []
  readonly #bodies: { readonly record: RequestRecord; readonly bytes: number }[] = []
  #bodyBytes = 0

  add(record: RequestRecord): void {
    this.records.push(record)
    if (this.records.length > MOST_REQUESTS) this.records.shift()
  }

  /** Counts the body that a record now holds. */
  noteBody(record: RequestRecord, bytes: number): void {
    this.#bodies.push({ record, bytes })
    this.#bodyBytes += bytes
    while (this.#bodyBytes > MOST_BODY_BYTES || this.#bodies.length > MOST_REQUESTS) {
      const oldest = this.#bodies.shift()
      if (oldest === undefined) return
      oldest.record.body = undefined
      this.#bodyBytes -= oldest.bytes
    }
  }
}
