import type { Storage, StreamRecord, StreamStorage } from './storage.ts'

/** Keeps nothing beyond the life of the process. */
export class MemoryStorage implements Storage {
  readonly streams: readonly StreamStorage[] = []

  create(record: StreamRecord): StreamStorage {
    return {
      record,
      fragments: undefined,
      async save() {},
      async remove() {},
    }
  }

  async close(): Promise<void> {}
}
