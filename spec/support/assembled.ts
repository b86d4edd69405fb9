import type { MkvEvent } from '../../lib/mkv/events.ts'
import type { FragmentEvent } from '../../lib/stages/events.ts'
import type { FragmentAssembler } from '../../lib/stages/fragment-assembler.ts'

/** All that an assembler makes of one event. */
export function* assembled(assembler: FragmentAssembler, event: MkvEvent): Generator<FragmentEvent> {
  for (let made = assembler.push(event); made !== undefined; made = assembler.next()) yield made
}
