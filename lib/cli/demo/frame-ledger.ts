import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  type FragmentEvent,
  type FragmentFrame,
  MkvChunkDemuxer,
  type MkvEvent,
  type MkvFrame,
} from '../../index.ts'

/** What was sent, read from the file itself, against what was received: each frame by its track, time and bytes. */
export class FrameLedger {
  readonly #sent = new Map<string, number>()
  readonly #received = new Map<string, number>()

  static async of(file: string): Promise<FrameLedger> {
    const ledger = new FrameLedger()
    const events: AsyncIterable<MkvEvent> = createReadStream(file).pipe(new MkvChunkDemuxer())
    for await (const event of events) if (event.type === 'frame') count(ledger.#sent, event)
    return ledger
  }

  /** Notes the frames that pass by. */
  async *watch(events: AsyncIterable<FragmentEvent>): AsyncGenerator<FragmentEvent> {
    for await (const event of events) {
      if (event.type === 'frame') count(this.#received, event)
      yield event
    }
  }

  /** Frames that were sent and did not come. */
  get lost(): number {
    return excess(this.#sent, this.#received)
  }

  /** Frames that came more often than they were sent. */
  get twice(): number {
    return excess(this.#received, this.#sent)
  }
}

function count(counts: Map<string, number>, { track, timestampMs, data }: MkvFrame | FragmentFrame): void {
  const key = `${track} ${timestampMs} ${createHash('sha1').update(data).digest('base64')}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function excess(counts: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const [key, times] of counts) sum += Math.max(0, times - (others.get(key) ?? 0))
  return sum
}
