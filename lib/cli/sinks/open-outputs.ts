import { FanOut } from './fan-out.ts'
import { openOutlets, type TellFile } from './open-outlets.ts'
import { checkOutputFlags, type OutputFlags } from './output-flags.ts'

/** The outputs that the flags ask for, as one. Throws `OptionError` for flags that do not go together. */
export function openOutputs(flags: OutputFlags, tell: TellFile): FanOut {
  checkOutputFlags(flags)
  const outlets = openOutlets(flags, tell)
  return new FanOut(outlets.map(outlet => [outlet, flags.whenSlow?.get(outlet.name) ?? 'wait']))
}
