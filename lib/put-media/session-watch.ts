import { IdleWatchdog } from '../aws/http/idle-watchdog.ts'
import type { Clock } from '../core/clock.ts'

export type SessionWatchOptions = {
  readonly clock: Clock
  readonly timeoutMs: number
  /** The service has said nothing that it owes, or taken nothing that is there, for so long. */
  readonly onSilence: () => void
  /** All is said, and the service has not ended its answer. */
  readonly onLinger: () => void
}

/** What a session waits for. */
export type SessionState = {
  /** The service has something to acknowledge. */
  readonly owes: boolean
  /** There are bytes that the socket has not taken. */
  readonly isSending: boolean
  /** Nothing is left to send or to acknowledge. */
  readonly isDone: boolean
}

/** The timers of one session, once its answer has begun. */
export class SessionWatch {
  readonly #options: SessionWatchOptions
  readonly #acknowledges: IdleWatchdog
  readonly #takes: IdleWatchdog
  #cancelLinger: (() => void) | undefined

  constructor(options: SessionWatchOptions) {
    const { clock, timeoutMs, onSilence } = options
    this.#options = options
    this.#acknowledges = new IdleWatchdog(clock, timeoutMs, onSilence)
    this.#takes = new IdleWatchdog(clock, timeoutMs, onSilence)
  }

  sawAcknowledgement(): void {
    this.#acknowledges.sawBytes()
  }

  sawBytesTaken(): void {
    this.#takes.sawBytes()
  }

  update({ owes, isSending, isDone }: SessionState): void {
    if (owes) this.#acknowledges.wait()
    else this.#acknowledges.rest()
    if (isSending) this.#takes.wait()
    else this.#takes.rest()
    // By ending its answer the service gives the stream's one place free; should it not, nobody waits long.
    if (isDone) this.#cancelLinger ??= this.#options.clock.after(LINGER_MS, this.#options.onLinger)
  }

  stop(): void {
    this.#acknowledges.stop()
    this.#takes.stop()
    this.#cancelLinger?.()
  }
}

/** How long an answer may stay open behind the last acknowledgement. */
const LINGER_MS = 2000
