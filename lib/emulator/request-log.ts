import type { SessionEnd } from './get-media-session.ts'

/** One request that the emulator got, and what became of it. Fields are filled in as it goes on. */
export type RequestRecord = {
  /** The operation's name, such as `GetMedia`; `undefined` for a path that is none. */
  readonly operation: string | undefined
  readonly path: string
  /** When it came, in epoch milliseconds. */
  readonly at: number
  readonly requestId: string
  /** The JSON body; `undefined` where it is none. */
  body: unknown
  statusCode: number | undefined
  /** The exception's name where the answer is one. */
  errorType: string | undefined
  /** The fault that was taken from the plan. */
  fault: string | undefined
  /** Bytes of a streaming body so far. */
  bytesSent: number
  /** Why a GetMedia session ended. */
  endedBy: SessionEnd | undefined
  /** Resolves when the answer is over: sent, broken off, or left by the client. */
  readonly finished: Promise<void>
}

/** Most requests that are kept; older ones are forgotten, so that a long run does not grow. */
const MOST_REQUESTS = 10_000

/** The requests of one emulator, oldest first. */
export class RequestLog {
  readonly records: RequestRecord[] = []

  add(record: RequestRecord): void {
    this.records.push(record)
    if (this.records.length > MOST_REQUESTS) this.records.shift()
  }
}
