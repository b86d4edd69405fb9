import { AbortError } from './errors.ts'

/** The time that a stage sees; a spec passes one of its own and never waits. */
export type Clock = {
  /** Milliseconds that never go back; for measuring. */
  now(): number
  /** Wall-clock time in epoch milliseconds. */
  wallClockMs(): number
  /** Calls `callback` once after `delayMs`; the result cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallClockMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or rejects with an `AbortError` as soon as `signal` fires. Leaves no timer and no listener. */
export function sleep(delayMs: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new AbortError('waiting', signal.reason))
    const onAbort = () => {
      cancel()
      reject(new AbortError('waiting', signal?.reason))
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
