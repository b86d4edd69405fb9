import type { Settings } from '../settings.ts'
import { LmdbStorage } from './lmdb-storage.ts'
import { MemoryStorage } from './memory-storage.ts'
import type { Storage } from './storage.ts'

/** Opens the storage that the settings ask for. @throws OptionError where `lmdb` is needed and missing */
export async function openStorage(settings: Settings): Promise<Storage> {
  if (settings.storage === 'memory') return new MemoryStorage()
  return await LmdbStorage.open(settings.dataDirectory)
}
