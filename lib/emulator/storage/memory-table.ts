import type { StoredFragment } from '../streams/fragment.ts'
import { type FragmentTable, type TimeOrder, type TimeRange, timeOf } from './fragment-table.ts'
import { SortedList } from './sorted-list.ts'

/** Fragments in memory. A fragment can be read as soon as `add` was called. */
export class MemoryTable implements FragmentTable {
  readonly #byNumber = new SortedList<StoredFragment>(compareNumbers)
  readonly #byTime = {
    server: new SortedList<StoredFragment>(comparing('server')),
    producer: new SortedList<StoredFragment>(comparing('producer')),
  }
  #byteLength = 0

  /** Producer bytes of all fragments. */
  get byteLength(): number {
    return this.#byteLength
  }

  async add(fragment: StoredFragment): Promise<void> {
    this.#byNumber.add(fragment)
    this.#byTime.server.add(fragment)
    this.#byTime.producer.add(fragment)
    this.#byteLength += fragment.byteLength
  }

  get(number: bigint): StoredFragment | undefined {
    const found = this.#byNumber.at(this.#byNumber.countWhile(fragment => fragment.number < number))
    return found?.number === number ? found : undefined
  }

  after(number: bigint): StoredFragment | undefined {
    return this.#byNumber.at(this.#byNumber.countWhile(fragment => fragment.number <= number))
  }

  newest(): StoredFragment | undefined {
    return this.#byNumber.at(-1)
  }

  *byTime(order: TimeOrder, range: TimeRange = {}): Generator<StoredFragment> {
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY, reverse = false } = range
    const list = this.#byTime[order]
    const start = list.countWhile(fragment => timeOf(fragment, order) < fromMs)
    const end = list.countWhile(fragment => timeOf(fragment, order) <= toMs)
    if (!reverse) for (let i = start; i < end; i++) yield list.at(i)!
    else for (let i = end - 1; i >= start; i--) yield list.at(i)!
  }

  async remove(number: bigint): Promise<void> {
    const fragment = this.get(number)
    if (fragment === undefined) return
    this.#byNumber.remove(fragment)
    this.#byTime.server.remove(fragment)
    this.#byTime.producer.remove(fragment)
    this.#byteLength -= fragment.byteLength
  }
}

function compareNumbers(a: StoredFragment, b: StoredFragment): number {
  return a.number < b.number ? -1 : a.number > b.number ? 1 : 0
}

function comparing(order: TimeOrder): (a: StoredFragment, b: StoredFragment) => number {
  return (a, b) => timeOf(a, order) - timeOf(b, order) || compareNumbers(a, b)
}
