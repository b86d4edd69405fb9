import type { Duplex, Readable } from 'readable-stream'

/**
 * The short way through a stage: while its reader flows and nothing waits, what comes may be handed on by
 * `emit('data', …)`, which is all that `push` comes to then, behind its checks and with a turn of the event loop ordered
 * for each. The long way takes three times as long for an object, and for a chunk of bytes ten microseconds.
 *
 * Both functions read the streams' states, since each getter on the way there costs 5 ns. A state that looks otherwise, as
 * another version's may, sends everything the long way.
 */

/** Whether what comes now would be with the reader at once. */
export function isReaderOpen(stream: Readable): boolean {
  const { flowing, length, destroyed } = stream._readableState
  return flowing === true && length === 0 && destroyed === false && stream.readableDidRead
}

/** Whether what is written now need not wait, nor be refused for the end. */
export function isWriterOpen(stream: Duplex): boolean {
  const { length, corked, ending } = stream._writableState
  return length === 0 && corked === 0 && ending === false
}
