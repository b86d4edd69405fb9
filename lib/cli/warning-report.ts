import type { FragmentEvent, MkvWarning } from '../index.ts'
import { EXIT_CODES, raiseExitCode } from './exit-code.ts'

/**
 * Prints the warnings of a payload on standard error: each kind once, and how often it came at the end. Media that was
 * skipped or is missing shows in the exit code.
 */
export class WarningReport {
  readonly #counts = new Map<string, number>()
  #skippedBlocks = 0

  /** Reports what passes by, and at the end how much it was. */
  async *watch(events: AsyncIterable<FragmentEvent>): AsyncGenerator<FragmentEvent> {
    try {
      for await (const event of events) {
        this.take(event)
        yield event
      }
    } finally {
      this.end()
    }
  }

  take(event: FragmentEvent): void {
    if (event.type === 'warning') this.warn(event)
    else if (event.type === 'fragment-end') this.#skippedBlocks += event.skippedBlocks ?? 0
  }

  /** Prints the sums. */
  end(): void {
    for (const [kind, count] of this.#counts)
      if (count > 1) print(`${kind} came in ${count - 1} more ${count === 2 ? 'fragment' : 'fragments'}`)
    if (this.#skippedBlocks > 0)
      print(`${this.#skippedBlocks} ${this.#skippedBlocks === 1 ? 'block was' : 'blocks were'} skipped`)
  }

  warn({ code, track, message, mediaMissing }: MkvWarning): void {
    if (mediaMissing) raiseExitCode(EXIT_CODES.mediaMissing)
    const kind = track === undefined ? code : `${code} (track ${track})`
    const count = this.#counts.get(kind) ?? 0
    if (count === 0 && this.#counts.size < MAX_KINDS) print(message)
    if (count > 0 || this.#counts.size < MAX_KINDS) this.#counts.set(kind, count + 1)
  }
}

/** A corrupt payload can name any number of tracks. */
const MAX_KINDS = 100

function print(text: string): void {
  process.stderr.write(`getmedia: warning: ${text}\n`)
}
