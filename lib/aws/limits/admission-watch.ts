import type { Clock } from '../../core/clock.ts'
import { AdmissionTimeoutError } from './admission-timeout-error.ts'
import type { QueueOptions, WaitingEvent } from './waiting-event.ts'

export type AdmissionWatchOptions = {
  readonly clock: Clock
  /** For all queues together; only the time in them counts. `undefined`: no limit. */
  readonly timeoutMs: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onWaiting?: ((event: WaitingEvent) => void) | undefined
  /** Called when the call has passed every queue and is about to be sent. */
  readonly onAdmitted?: () => void
}

/**
 * Follows one call through the queues in front of it. It is what the queues take as `QueueOptions`; its own `signal`
 * fires with the caller's, and with an `AdmissionTimeoutError` at the end of `timeoutMs`. To be closed in any case.
 */
export class AdmissionWatch implements QueueOptions {
  readonly #options: AdmissionWatchOptions
  readonly #controller = new AbortController()
  readonly #onAbort = () => this.#controller.abort(this.#options.signal?.reason)
  /** Waited for in queues that are left behind. */
  #waitedMs = 0
  #waitingSinceMs = 0
  #cancelTimer: (() => void) | undefined
  #event: WaitingEvent | undefined

  constructor(options: AdmissionWatchOptions) {
    this.#options = options
    if (options.signal?.aborted) this.#onAbort()
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  readonly onWaiting = (event: WaitingEvent): void => {
    const { clock, timeoutMs, onWaiting } = this.#options
    this.#event = event
    if (timeoutMs !== undefined && this.#cancelTimer === undefined) {
      this.#waitingSinceMs = clock.now()
      const leftMs = Math.max(0, timeoutMs - this.#waitedMs)
      this.#cancelTimer = clock.after(leftMs, () => this.#timedOut(timeoutMs))
    }
    onWaiting?.(event)
  }

  readonly onWaitOver = (): void => {
    if (this.#cancelTimer === undefined) return
    this.#cancelTimer()
    this.#cancelTimer = undefined
    this.#waitedMs += this.#options.clock.now() - this.#waitingSinceMs
  }

  /** Every queue is passed. */
  admitted(): void {
    this.#options.onAdmitted?.()
  }

  /** Leaves no timer and no listener. */
  close(): void {
    this.onWaitOver()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  #timedOut(timeoutMs: number): void {
    if (this.#event !== undefined) this.#controller.abort(new AdmissionTimeoutError(this.#event, timeoutMs))
  }
}
