/** Spans that are remembered; of more, the oldest are taken for one. */
const MOST_SPANS = 1024

type Span = { start: number; end: number }

/** Which positions of a track have samples, so that none is written twice. */
export class WrittenSpans {
  /** In order, apart from each other. */
  readonly #spans: Span[] = []

  /** Where the samples end that come last. */
  get end(): number {
    return this.#spans.at(-1)?.end ?? 0
  }

  /** Takes the positions from `start` up to `end`, and gives those of them that were free. */
  take(start: number, end: number): readonly (readonly [start: number, end: number])[] {
    const free: [number, number][] = []
    let at = start
    let index = this.#firstEndingAfter(start)
    for (; at < end && index < this.#spans.length; index++) {
      const span = this.#spans[index]!
      if (span.start >= end) break
      if (span.start > at) free.push([at, span.start])
      at = Math.max(at, span.end)
    }
    if (at < end) free.push([at, end])
    if (end > start) this.#add(start, end)
    return free
  }

  /** Most samples come behind all others, so it looks from the end. */
  #firstEndingAfter(position: number): number {
    let index = this.#spans.length
    while (index > 0 && this.#spans[index - 1]!.end > position) index--
    return index
  }

  #add(start: number, end: number): void {
    // Touching spans become one.
    let from = this.#spans.length
    while (from > 0 && this.#spans[from - 1]!.end >= start) from--
    let to = from
    const joined = { start, end }
    for (; to < this.#spans.length && this.#spans[to]!.start <= end; to++) {
      joined.start = Math.min(joined.start, this.#spans[to]!.start)
      joined.end = Math.max(joined.end, this.#spans[to]!.end)
    }
    this.#spans.splice(from, to - from, joined)
    if (this.#spans.length <= MOST_SPANS) return
    const [first, second] = this.#spans
    this.#spans.splice(0, 2, { start: first!.start, end: second!.end })
  }
}
