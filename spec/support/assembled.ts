import type { FragmentEvent } from '../../lib/get-media/events.ts'
import type { FragmentAssembler } from '../../lib/get-media/fragment-assembler.ts'
import type { MkvEvent } from '../../lib/matroska/reader/events.ts'

/** All that an assembler makes of one event. */
export function* assembled(assembler: FragmentAssembler, event: MkvEvent): Generator<FragmentEvent> {
  for (let made = assembler.push(event); made !== undefined; made = assembler.next()) yield made
}
