import { AbortError } from '../errors.ts'

type Waiter<T> = { readonly value: T; readonly admit: () => void }

/** Callers that wait their turn, first come first served. One that is aborted leaves the line. */
export class WaitLine<T> {
  readonly #waiters: Waiter<T>[] = []

  get length(): number {
    return this.#waiters.length
  }

  /**
   * Resolves at this caller's turn; rejects with `AbortError` as soon as `signal` fires. Leaves no listener.
   * `what` completes "… was aborted"; `onLeave` is called when an aborted caller has left.
   */
  join(value: T, what: string, signal: AbortSignal | undefined, onLeave: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        onLeave()
        reject(new AbortError(what, signal?.reason))
      }
      const admit = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiter = { value, admit }
      this.#waiters.push(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Offers a place to each in turn; `take` takes it, if it may have it, and answers whether it did. */
  admitWhere(take: (value: T) => boolean): void {
    for (let index = 0; index < this.#waiters.length; ) {
      const waiter = this.#waiters[index]!
      if (take(waiter.value)) {
        this.#waiters.splice(index, 1)
        waiter.admit()
      } else {
        index++
      }
    }
  }
}

/** Throws the `AbortError` that a caller gets who comes with a signal that has fired. */
export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(what, signal.reason)
}
