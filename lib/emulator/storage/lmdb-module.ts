import { OptionError } from '../../core/errors.ts'

/** What the store uses of `lmdb`, which is installed only by those who want it. */
export type LmdbDatabase = {
  get(key: Buffer): Buffer | undefined
  put(key: Buffer, value: Uint8Array): Promise<boolean>
  remove(key: Buffer): Promise<boolean>
  getRange(range: LmdbRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
  getKeys(range: LmdbRange): Iterable<Buffer>
}

/** A part of a table; `start` is included and `end` is not, also where the order is reversed. */
export type LmdbRange = {
  readonly start: Buffer
  readonly end: Buffer
  readonly reverse?: boolean
  readonly limit?: number
}

/** An open store, which holds tables. */
export type LmdbRoot = {
  openDB(name: string, options: LmdbTableOptions): LmdbDatabase
  /** Resolves when all that was written is safe. */
  readonly flushed: PromiseLike<unknown>
  close(): Promise<void>
}

/** How keys and values are coded. */
export type LmdbTableOptions = { readonly encoding: 'binary'; readonly keyEncoding: 'binary' }

/** How a store is opened. */
export type LmdbOptions = LmdbTableOptions & {
  readonly path: string
  readonly noSubdir: true
  readonly maxDbs: number
  readonly overlappingSync: boolean
  readonly noSync: boolean
  readonly noMemInit: boolean
}

type LmdbModule = { open(options: LmdbOptions): LmdbRoot }

/** Loads `lmdb` when it is first used. @throws OptionError that says what to install */
export async function loadLmdb(option: string): Promise<LmdbModule> {
  try {
    const loaded: unknown = await import('lmdb')
    return loaded as LmdbModule
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    throw new OptionError(
      option,
      'be left out, or the package "lmdb" be there to keep media on disk: npm install lmdb',
      reason,
    )
  }
}
