/**
 * Items in order, made for what mostly grows at its end and loses its beginning: both cost next to nothing, any other
 * place costs one move of what lies behind it.
 */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number
  #items: T[] = []
  /** Items before this index have been taken off the front, and are cut off now and then. */
  #start = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get length(): number {
    return this.#items.length - this.#start
  }

  /** The item at a place; negative places count from the end. */
  at(index: number): T | undefined {
    const place = index < 0 ? this.#items.length + index : this.#start + index
    return place < this.#start ? undefined : this.#items[place]
  }

  add(item: T): void {
    const last = this.#items.at(-1)
    if (this.length === 0 || this.#compare(last as T, item) < 0) this.#items.push(item)
    else this.#items.splice(this.#start + this.countWhile(other => this.#compare(other, item) < 0), 0, item)
  }

  /** Takes out the item that compares as equal; nothing where there is none. */
  remove(item: T): void {
    const place = this.#start + this.countWhile(other => this.#compare(other, item) < 0)
    const found = this.#items[place]
    if (found === undefined || this.#compare(found, item) !== 0) return
    if (place !== this.#start) this.#items.splice(place, 1)
    else this.#dropFirst()
  }

  /** How many items from the front fulfil a condition that holds up to some place and not beyond, by bisection. */
  countWhile(holds: (item: T) => boolean): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(this.#items[this.#start + middle] as T)) low = middle + 1
      else high = middle
    }
    return low
  }

  #dropFirst(): void {
    // The place would keep its item alive until it is cut off.
    delete this.#items[this.#start]
    this.#start++
    if (this.#start < 1024 || this.#start * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#start)
    this.#start = 0
  }
}
