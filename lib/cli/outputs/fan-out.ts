import type { FragmentEvent } from '../../index.ts'
import { Lane, type WhenSlow } from './lane.ts'
import type { Outlet } from './outlet.ts'
import type { OutputReports } from './output-reports.ts'

/**
 * One stream of events to several outputs, each with its own backpressure. One that fails is told of, and the others go on:
 * a recording does not end because a picture could not be made.
 */
export class FanOut {
  readonly lanes: readonly Lane[]
  #hasBegun = false

  constructor(outlets: readonly (readonly [outlet: Outlet, whenSlow: WhenSlow])[], reports: OutputReports) {
    this.lanes = outlets.map(([outlet, whenSlow]) => new Lane(outlet, whenSlow, reports))
  }

  /** Nobody is left to read: every output has failed, or its reader has gone. */
  get isOver(): boolean {
    return this.lanes.every(({ isOver }) => isOver)
  }

  /** Gives an event to each; a promise that resolves when those have room that are waited for, where there are any. */
  write(event: FragmentEvent): Promise<unknown> | undefined {
    this.#hasBegun = true
    const waits: Promise<void>[] = []
    for (const lane of this.lanes) {
      const wait = lane.give(event)
      if (wait !== undefined) waits.push(wait)
    }
    return waits.length === 0 ? undefined : Promise.all(waits)
  }

  /**
   * Takes all events, or as many as somebody reads, and ends the outputs; resolves when every file is finished. Rejects when
   * the events do: the outputs end with what came before, and where nothing came what was there is left alone.
   */
  async consume(events: AsyncIterable<FragmentEvent>): Promise<void> {
    try {
      for await (const event of events) {
        const wait = this.write(event)
        if (wait !== undefined) await wait
        if (this.isOver) break
      }
    } catch (error) {
      if (this.#hasBegun) await this.end()
      else await this.destroy(error as Error)
      throw error
    }
    await this.end()
  }

  /** Ends all; resolves when every file is finished. */
  async end(): Promise<void> {
    await Promise.all(this.lanes.map(lane => lane.end()))
  }

  /** Breaks all off; resolves when what they have so far is kept. */
  async destroy(error: Error): Promise<void> {
    await Promise.all(this.lanes.map(lane => lane.destroy(error)))
  }
}
