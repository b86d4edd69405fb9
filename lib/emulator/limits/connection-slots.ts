import type { Clock } from '../../core/clock.ts'
import type { Limits } from '../settings.ts'
import type { MediaStream } from '../streams/media-stream.ts'

/** The open bodies of each stream, counted for each limit. */
export class ConnectionSlots {
  readonly #limits: Limits
  readonly #open = new WeakMap<MediaStream, Map<keyof Limits, OpenSlots>>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Takes a slot under a limit; `undefined` where all are taken and none is yielded. */
  take(limit: keyof Limits, stream: MediaStream): ConnectionSlot | undefined {
    return this.#slotsOf(limit, stream).take(this.#limits[limit])
  }

  /**
   * As `take`, and waits for a slot that is released or yielded. Resolves with `undefined` after `patienceMs`, and when
   * `signal` fires.
   */
  async takeWithin(
    limit: keyof Limits,
    stream: MediaStream,
    wait: { readonly patienceMs: number; readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<ConnectionSlot | undefined> {
    const slots = this.#slotsOf(limit, stream)
    const untilMs = wait.clock.now() + wait.patienceMs
    for (;;) {
      const slot = slots.take(this.#limits[limit])
      const leftMs = untilMs - wait.clock.now()
      if (slot !== undefined || leftMs <= 0 || wait.signal.aborted) return slot
      await slots.changed(leftMs, wait.clock, wait.signal)
    }
  }

  #slotsOf(limit: keyof Limits, stream: MediaStream): OpenSlots {
    const byLimit = this.#open.get(stream) ?? new Map<keyof Limits, OpenSlots>()
    this.#open.set(stream, byLimit)
    const slots = byLimit.get(limit) ?? new OpenSlots()
    byLimit.set(limit, slots)
    return slots
  }
}

/** A slot of one connection, counted until it is released or yielded to the next connection. */
export class ConnectionSlot {
  readonly #slots: OpenSlots
  #canYield = false

  constructor(slots: OpenSlots) {
    this.#slots = slots
  }

  /** False once it was released, or yielded to another connection. */
  get isHeld(): boolean {
    return this.#slots.held.has(this)
  }

  /** Whether another connection may have this slot: set while the holder has nothing in progress. */
  get canYield(): boolean {
    return this.#canYield
  }

  set canYield(canYield: boolean) {
    this.#canYield = canYield
    if (canYield) this.#slots.notify()
  }

  readonly release = (): void => {
    if (this.#slots.held.delete(this)) this.#slots.notify()
  }
}

/** The slots of one stream under one limit, oldest first. */
class OpenSlots {
  readonly held = new Set<ConnectionSlot>()
  readonly #listeners = new Set<() => void>()

  take(limit: number): ConnectionSlot | undefined {
    if (this.held.size >= limit) {
      const yielded = [...this.held].find(slot => slot.canYield)
      if (yielded === undefined) return undefined
      this.held.delete(yielded)
    }
    const slot = new ConnectionSlot(this)
    this.held.add(slot)
    return slot
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Resolves at the next change, after `patienceMs`, or when `signal` fires. */
  changed(patienceMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const settle = () => {
        this.#listeners.delete(settle)
        cancel()
        signal.removeEventListener('abort', settle)
        resolve()
      }
      const cancel = clock.after(patienceMs, settle)
      this.#listeners.add(settle)
      signal.addEventListener('abort', settle)
    })
  }
}
