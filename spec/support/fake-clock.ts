import type { Clock } from '../../lib/core/clock.ts'

type Timer = { readonly dueMs: number; readonly callback: () => void }

/** A clock that stands still until `advance` is called, which runs what falls due, in order. */
export class FakeClock implements Clock {
  readonly #startMs: number
  #nowMs = 0
  readonly #timers = new Set<Timer>()

  /** `startMs` is the wall-clock time at the start, in epoch milliseconds. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs
  }

  /** Timers that are set and have not fired. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  wallClockMs(): number {
    return this.#startMs + this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves on by `ms`. Timers that callbacks set on the way fire too if they fall due. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = this.#earliest(endMs)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
    }
    this.#nowMs = endMs
  }

  /** As `advance`, in steps, letting promises and streams run in between. */
  async advanceInSteps(ms: number, stepMs: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      this.advance(Math.min(stepMs, leftMs))
      await settled()
    }
  }

  #earliest(endMs: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (earliest === undefined || timer.dueMs < earliest.dueMs)) earliest = timer
    }
    return earliest
  }
}

/** Resolves when the promises and ticks that are under way have run; no real time passes. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
