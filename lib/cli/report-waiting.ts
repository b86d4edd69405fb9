import type { WaitingEvent } from '../index.ts'
import type { LiveLine } from './terminal/live-line.ts'

/** A call that waits for its turn is said on standard error: without that, the command would seem to hang. */
export function reportWaiting(stream: NodeJS.EventEmitter, live: LiveLine): void {
  stream.on('waiting', ({ message }: WaitingEvent) => {
    live.clear()
    process.stderr.write(`getmedia: ${message}\n`)
  })
}
