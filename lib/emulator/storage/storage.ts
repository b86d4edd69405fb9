import type { StreamDescription } from '../streams/stream-metadata.ts'
import type { FragmentTable } from './fragment-table.ts'

/** What is kept of a stream beside its fragments. */
export type StreamRecord = {
  readonly description: StreamDescription
  /** No fragment number with a greater sequence has been given out, so that numbers go on rising after a restart. */
  readonly reservedSequence: string
}

/** One stream's place in a storage. */
export interface StreamStorage {
  readonly record: StreamRecord
  /** Where fragments are kept; `undefined` where they are kept in memory only. */
  readonly fragments: FragmentTable | undefined
  /** Keeps a changed record; resolves when it is safe. */
  save(record: StreamRecord): Promise<void>
  /** Forgets the stream and all its fragments; resolves when their space is free. */
  remove(): Promise<void>
}

/** Where the streams of one emulator are kept. */
export interface Storage {
  /** The streams that were there at the start. */
  readonly streams: readonly StreamStorage[]
  /** Begins to keep a new stream. */
  create(record: StreamRecord): StreamStorage
  /** Resolves when all that was added is safe, and nothing is open any more. */
  close(): Promise<void>
}
