import type { Emulator, RequestRecord } from '../../emulator/index.ts'

const POLL_MS = 100

/** Writes a JSON line for each request when it is over. */
export class RequestLines {
  readonly #service: Emulator
  readonly #told = new WeakSet<RequestRecord>()
  #timer: NodeJS.Timeout | undefined

  constructor(service: Emulator) {
    this.#service = service
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), POLL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const record of this.#service.requests) {
      if (this.#told.has(record)) continue
      this.#told.add(record)
      void record.finished.then(() => process.stdout.write(`${JSON.stringify(line(record))}\n`))
    }
  }
}

function line(record: RequestRecord): object {
  const {
    operation = null,
    path,
    region,
    at,
    requestId,
    statusCode = null,
    errorType = null,
    fault = null,
    bytesSent,
  } = record
  const facts = {
    requestId,
    operation,
    path,
    region,
    at: new Date(at).toISOString(),
    statusCode,
    errorType,
    fault,
    bytesSent,
  }
  return { event: 'request', ...facts, endedBy: record.endedBy ?? null }
}
