import { AbortError } from '../../core/errors.ts'
import { signalOption } from '../../core/options.ts'

type Callback = (error?: Error | null) => void
type Destroyable = { destroy(error?: Error): unknown }

/**
 * One piece of asynchronous work at a time, for a Writable: `_write` and `_final` run theirs through it, and `_destroy`
 * can wait for what is under way before it finishes the files.
 */
export class WriteQueue {
  #tail: Promise<void> = Promise.resolve()

  /** Runs `work` after what came before it, and tells the stream. */
  run(work: () => Promise<void>, callback: Callback): void {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => {})
    done.then(
      () => callback(),
      (error: Error) => callback(error),
    )
  }
}

/** Destroys `stream` with an `AbortError` when `signal` fires; the result takes the listener away. */
export function followSignal(name: string, stream: Destroyable, signal: AbortSignal | undefined): () => void {
  const checked = signalOption('signal', signal)
  if (checked === undefined) return () => {}
  const onAbort = () => void stream.destroy(new AbortError(name, checked.reason))
  if (checked.aborted) onAbort()
  else checked.addEventListener('abort', onAbort, { once: true })
  return () => checked.removeEventListener('abort', onAbort)
}
