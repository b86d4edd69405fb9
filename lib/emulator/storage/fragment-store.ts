import { OptionError } from '../../core/errors.ts'
import type { Settings } from '../settings.ts'
import type { StoredFragment } from '../streams/fragment.ts'
import { BEFORE_ALL, type FragmentTable, type TimeOrder, type TimeRange, timeOf } from './fragment-table.ts'
import { MemoryTable } from './memory-table.ts'

/** What a store needs to know beside its tables. */
export type FragmentStoreOptions = {
  readonly settings: Pick<Settings, 'clock' | 'bufferMs' | 'bufferBytes' | 'memoryBytes'>
  /** Where fragments are kept that are to outlive the process; without it all are in memory. */
  readonly kept?: FragmentTable | undefined
  /** How long fragments stay, in hours; with 0 they are in memory only, for a short while. */
  readonly retentionHours: () => number
}

/**
 * A stream's fragments, in the order of their numbers. Each can be read at once: it is in memory first, and where the
 * stream has a retention and a storage that keeps, it is there as soon as it is safe and in memory no longer.
 *
 * A fragment expires when it has been stored for longer than the stream's retention. With a retention of 0 that is the
 * ingest host's buffer: so long, or so many bytes, whichever is hit first. Nothing runs in the background: what has
 * expired is found, and removed, at the next read or the next fragment.
 */
export class FragmentStore {
  readonly #recent = new MemoryTable()
  readonly #kept: FragmentTable | undefined
  readonly #settings: FragmentStoreOptions['settings']
  readonly #retentionHours: () => number
  readonly #listeners = new Set<() => void>()
  /** Fragments up to this number have expired, though the kept ones among them may take a moment to go. */
  #expired = BEFORE_ALL
  /** When the oldest fragment was stored, where it is known. */
  #oldestStoredMs: number | undefined

  constructor({ settings, kept, retentionHours }: FragmentStoreOptions) {
    this.#settings = settings
    this.#kept = kept
    this.#retentionHours = retentionHours
  }

  /**
   * Adds a fragment, which can be read from now on.
   *
   * @returns resolves when it is as safe as the storage makes it; where that fails, it stays in memory
   * @throws OptionError where its number is taken
   */
  add(fragment: StoredFragment): Promise<void> {
    if (this.has(fragment.number)) throw new OptionError('number', 'be new', fragment.number)
    void this.#recent.add(fragment)
    const isKept = this.#kept !== undefined && this.#retentionHours() > 0
    const safe = isKept ? this.#keep(this.#kept, fragment) : Promise.resolve()
    this.#expire()
    for (const listener of [...this.#listeners]) listener()
    return safe
  }

  async #keep(kept: FragmentTable, fragment: StoredFragment): Promise<void> {
    await kept.add(fragment)
    await this.#recent.remove(fragment.number)
  }

  /** All fragments, oldest first; the bytes of those on disk are read when they are asked for. */
  all(): readonly StoredFragment[] {
    const fragments: StoredFragment[] = []
    for (let next = this.after(BEFORE_ALL); next !== undefined; next = this.after(next.number)) {
      fragments.push(next)
    }
    return fragments
  }

  newest(): StoredFragment | undefined {
    this.#expire()
    const recent = this.#recent.newest()
    const kept = this.#kept?.newest()
    const newest = recent === undefined || (kept !== undefined && kept.number > recent.number) ? kept : recent
    return newest === undefined || newest.number <= this.#expired ? undefined : newest
  }

  oldest(): StoredFragment | undefined {
    return this.after(BEFORE_ALL)
  }

  get(number: bigint): StoredFragment | undefined {
    this.#expire()
    return number <= this.#expired ? undefined : (this.#recent.get(number) ?? this.#kept?.get(number))
  }

  has(number: bigint): boolean {
    return this.get(number) !== undefined
  }

  /** The first fragment with a greater number; after one that has expired, the oldest that is there. */
  after(number: bigint): StoredFragment | undefined {
    this.#expire()
    return this.#afterAny(number > this.#expired ? number : this.#expired)
  }

  /** Fragments in the order of a time, of equal times the lesser number first. Read them in one go. */
  *byTime(order: TimeOrder, range: TimeRange = {}): Generator<StoredFragment> {
    this.#expire()
    const recent = this.#recent.byTime(order, range)
    const kept = this.#kept?.byTime(order, range) ?? []
    for (const fragment of merge(recent, kept, order, range.reverse ?? false)) {
      if (fragment.number > this.#expired) yield fragment
    }
  }

  /** Calls `listener` after each new fragment, at once; the result stops that. */
  onAdd(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #afterAny(number: bigint): StoredFragment | undefined {
    const recent = this.#recent.after(number)
    const kept = this.#kept?.after(number)
    if (recent === undefined || kept === undefined) return recent ?? kept
    return recent.number <= kept.number ? recent : kept
  }

  #expire(): void {
    for (;;) {
      const beforeMs = this.#storedBeforeMs()
      const isTooMuch = this.#recent.byteLength > this.#mostBytes()
      if (!isTooMuch && this.#oldestStoredMs !== undefined && this.#oldestStoredMs >= beforeMs) return
      const oldest = this.#afterAny(this.#expired)
      this.#oldestStoredMs = oldest?.storedMs
      const isExpired = oldest !== undefined && (oldest.storedMs < beforeMs || isTooMuch)
      if (!isExpired) return
      this.#expired = oldest.number
      this.#oldestStoredMs = undefined
      void this.#recent.remove(oldest.number)
      // What cannot be removed is not shown either, and is tried again after a restart.
      this.#kept?.remove(oldest.number).catch(() => {})
    }
  }

  /** What was stored before this time has expired. */
  #storedBeforeMs(): number {
    const hours = this.#retentionHours()
    const ageMs = hours > 0 ? hours * 3_600_000 : this.#settings.bufferMs
    return this.#settings.clock.wallClockMs() - ageMs
  }

  /** How many bytes may be in memory: of a stream that is kept on disk, those that are on their way there. */
  #mostBytes(): number {
    if (this.#retentionHours() === 0) return this.#settings.bufferBytes
    return this.#kept === undefined ? this.#settings.memoryBytes : Number.POSITIVE_INFINITY
  }
}

/** Two ordered lists as one; a fragment that is just being moved from one to the other comes once. */
function* merge(
  first: Iterable<StoredFragment>,
  second: Iterable<StoredFragment>,
  order: TimeOrder,
  reverse: boolean,
): Generator<StoredFragment> {
  const others = second[Symbol.iterator]()
  let other = others.next()
  for (const fragment of first) {
    for (; other.done !== true && comesBefore(other.value, fragment, order, reverse); other = others.next()) {
      yield other.value
    }
    if (other.done !== true && other.value.number === fragment.number) other = others.next()
    yield fragment
  }
  for (; other.done !== true; other = others.next()) yield other.value
}

function comesBefore(a: StoredFragment, b: StoredFragment, order: TimeOrder, reverse: boolean): boolean {
  const byTime = timeOf(a, order) - timeOf(b, order)
  const byNumber = a.number === b.number ? 0 : a.number < b.number ? -1 : 1
  return reverse ? (byTime || byNumber) > 0 : (byTime || byNumber) < 0
}
