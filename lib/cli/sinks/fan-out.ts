import type { FragmentEvent } from '../../index.ts'
import { Lane, type WhenSlow } from './lane.ts'
import type { Outlet } from './outlet.ts'

/** One stream of events to several outputs, each with its own backpressure. */
export class FanOut {
  readonly lanes: readonly Lane[]

  constructor(outlets: readonly (readonly [outlet: Outlet, whenSlow: WhenSlow])[]) {
    this.lanes = outlets.map(([outlet, whenSlow]) => new Lane(outlet, whenSlow))
  }

  /** Nobody is left to read: every output's reader has gone. */
  get isOver(): boolean {
    return this.lanes.every(({ isOver }) => isOver)
  }

  /** Gives an event to each; resolves when those have room that are waited for. Rejects when one has failed. */
  async write(event: FragmentEvent): Promise<void> {
    const waits = this.lanes.map(lane => lane.give(event)).filter(wait => wait !== undefined)
    if (waits.length > 0) await Promise.all(waits)
    const failed = this.lanes.find(({ failure }) => failure !== undefined)
    if (failed?.failure !== undefined) throw failed.failure
  }

  /** Takes all events, or as many as somebody reads, and ends the outputs; after a failure they keep what they have. */
  async consume(events: AsyncIterable<FragmentEvent>): Promise<void> {
    try {
      for await (const event of events) {
        await this.write(event)
        if (this.isOver) break
      }
    } catch (error) {
      await this.destroy(error as Error)
      throw error
    }
    await this.end()
  }

  /** Ends all; resolves when every file is finished, and rejects with the first failure. */
  async end(): Promise<void> {
    const results = await Promise.allSettled(this.lanes.map(lane => lane.end()))
    const failure = results.find(result => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }

  /** Breaks all off; resolves when what they have so far is kept. */
  async destroy(error: Error): Promise<void> {
    await Promise.all(this.lanes.map(lane => lane.destroy(error)))
  }
}
