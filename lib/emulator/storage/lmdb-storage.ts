import { mkdir, mkdtemp, open as openFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { lockDirectory } from './directory-lock.ts'
import type { FragmentTable } from './fragment-table.ts'
import { keyBehind, streamKey } from './keys.ts'
import { type LmdbDatabase, type LmdbRoot, loadLmdb } from './lmdb-module.ts'
import { LmdbTable, type LmdbTables } from './lmdb-table.ts'
import type { Storage, StreamRecord, StreamStorage } from './storage.ts'

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const

/** Streams in an lmdb store: one file in a directory. */
export class LmdbStorage implements Storage {
  readonly streams: readonly StreamStorage[]
  readonly #root: LmdbRoot
  readonly #records: LmdbDatabase
  readonly #tables: LmdbTables
  readonly #directory: string
  readonly #isTemporary: boolean
  readonly #release: () => Promise<void>
  /** Removals, which go on after the call that asked for them. */
  readonly #underWay = new Set<Promise<void>>()
  #lastId = 0

  private constructor(root: LmdbRoot, directory: string, isTemporary: boolean, release: () => Promise<void>) {
    this.#release = release
    this.#root = root
    this.#directory = directory
    this.#isTemporary = isTemporary
    this.#records = root.openDB('streams', BINARY)
    this.#tables = {
      rows: root.openDB('fragments', BINARY),
      bytes: root.openDB('bytes', BINARY),
      server: root.openDB('server-times', BINARY),
      producer: root.openDB('producer-times', BINARY),
      isClosed: false,
    }
    this.streams = this.#readStreams()
  }

  /** Opens the store in a directory, which is made where it is not there; without one, in a temporary one. @throws OptionError */
  static async open(dataDirectory: string | undefined): Promise<LmdbStorage> {
    const isTemporary = dataDirectory === undefined
    const { open } = await loadLmdb(isTemporary ? 'storage' : 'dataDirectory')
    const directory = isTemporary
      ? await mkdtemp(join(tmpdir(), 'getmedia-emulator-'))
      : resolve(dataDirectory)
    await mkdir(directory, { recursive: true })
    const release = await lockDirectory(directory)
    const root = open({
      ...BINARY,
      path: join(directory, 'media.lmdb'),
      noSubdir: true,
      maxDbs: 8,
      // A commit then resolves when it is synced, and not before: what PERSISTED promises.
      overlappingSync: false,
      noSync: isTemporary,
      noMemInit: true,
    })
    // A file that is new is safe only with its entry in the directory.
    for (const made of [directory, dirname(directory)]) await syncDirectory(made)
    return new LmdbStorage(root, directory, isTemporary, release)
  }

  create(record: StreamRecord): StreamStorage {
    const stream = this.#stream(++this.#lastId, record)
    stream.save(record).catch(ignore)
    return stream
  }

  async close(): Promise<void> {
    if (this.#tables.isClosed) return
    this.#tables.isClosed = true
    await Promise.allSettled(this.#underWay)
    await this.#root.flushed
    await this.#root.close()
    await this.#release()
    if (this.#isTemporary) await rm(this.#directory, { recursive: true, force: true })
  }

  #readStreams(): StreamStorage[] {
    const streams: StreamStorage[] = []
    for (const { key, value } of this.#records.getRange({
      start: Buffer.alloc(4),
      end: Buffer.alloc(5, 0xff),
    })) {
      const id = key.readUInt32BE()
      this.#lastId = Math.max(this.#lastId, id)
      const record: unknown = JSON.parse(value.toString())
      const stream = this.#stream(id, record as StreamRecord)
      // What a stop left half removed is removed now.
      if (record === null) stream.remove().catch(ignore)
      else streams.push(stream)
    }
    return streams
  }

  #stream(id: number, record: StreamRecord): StreamStorage {
    const key = streamKey(id)
    const fragments = new LmdbTable(this.#tables, key)
    let isRemoved = false
    return {
      record,
      fragments,
      save: async changed => {
        if (!isRemoved && !this.#tables.isClosed) await this.#records.put(key, encode(changed))
      },
      remove: async () => {
        isRemoved = true
        const removal = this.#remove(key, fragments).finally(() => this.#underWay.delete(removal))
        this.#underWay.add(removal)
        await removal
      },
    }
  }

  async #remove(key: Buffer, fragments: FragmentTable): Promise<void> {
    if (this.#tables.isClosed) return
    await this.#records.put(key, encode(null))
    for (let first = fragments.after(-1n); first !== undefined; first = fragments.after(-1n)) {
      await fragments.remove(first.number)
    }
    if (this.#tables.isClosed) return
    await this.#removeRest(key)
    await this.#records.remove(key)
  }

  /** Pieces of fragments whose rows were never written, as the service stopped just then. */
  async #removeRest(key: Buffer): Promise<void> {
    for (const table of [this.#tables.bytes, this.#tables.server, this.#tables.producer]) {
      const keys = [...table.getKeys({ start: key, end: keyBehind(key) })]
      await Promise.all(keys.map(rest => table.remove(rest)))
    }
  }
}

/** Where the system has no such thing, the file system sees to it. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await openFile(directory, 'r')
    await handle.sync()
  } catch {}
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** The store's next write tells of a disk that fails; this one had nobody waiting for it. */
function ignore(): void {}
