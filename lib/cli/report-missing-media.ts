import type { FragmentEvent } from '../index.ts'
import { EXIT_CODES, raiseExitCode } from './exit-code.ts'

/** Passes events on; what is missing among them is said on standard error and by the exit code. */
export async function* reportMissingMedia(
  events: AsyncIterable<FragmentEvent>,
  clearLine: () => void,
): AsyncGenerator<FragmentEvent> {
  for await (const event of events) {
    if (event.type === 'gap' || event.type === 'discontinuity') {
      raiseExitCode(EXIT_CODES.mediaMissing)
      clearLine()
      process.stderr.write(`getmedia: ${event.message}\n`)
    }
    yield event
  }
}
