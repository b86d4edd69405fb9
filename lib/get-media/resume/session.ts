import type { StartSelector } from '../../aws/operations/start-selector.ts'
import { AbortError } from '../../core/errors.ts'
import { EventReader } from './event-reader.ts'
import type { Attempt, AttemptContext, EventSink } from './notices.ts'

/** One session, from the call of the attempt function to its stream's end. */
export class Session {
  readonly #controller = new AbortController()
  #reader: EventReader | undefined

  /**
   * Hands every event to `sink`, no faster than it wants them. Throws what the session failed with, once all before
   * is read. To be closed afterwards in any case.
   */
  async read(
    attempt: Attempt,
    startSelector: StartSelector,
    sink: EventSink,
    admission: Omit<AttemptContext, 'signal'>,
  ): Promise<void> {
    const { signal } = this.#controller
    signal.throwIfAborted()
    this.#reader = new EventReader(await attempt(startSelector, { signal, ...admission }), sink)
    // It may have been given up while the attempt was made.
    signal.throwIfAborted()
    await this.#reader.read()
    signal.throwIfAborted()
  }

  /** Gives the session up, at whatever moment: its stream is destroyed, and its signal fires. */
  close(reason: Error = new AbortError('the session')): void {
    this.#reader?.close()
    this.#controller.abort(reason)
  }
}
