import type { MediaStream } from './media-stream.ts'
import type { Limits } from './settings.ts'

/** The open bodies of each stream, counted for each limit. */
export class ConnectionSlots {
  readonly #limits: Limits
  readonly #open = new WeakMap<MediaStream, Map<keyof Limits, number>>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Takes a slot under a limit, and gives what frees it; `undefined` where all are taken. */
  take(limit: keyof Limits, stream: MediaStream): (() => void) | undefined {
    const counts = this.#open.get(stream) ?? new Map<keyof Limits, number>()
    this.#open.set(stream, counts)
    const count = counts.get(limit) ?? 0
    if (count >= this.#limits[limit]) return undefined
    counts.set(limit, count + 1)
    let isHeld = true
    return () => {
      if (isHeld) counts.set(limit, counts.get(limit)! - 1)
      isHeld = false
    }
  }
}
