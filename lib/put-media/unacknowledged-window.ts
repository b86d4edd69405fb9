import { type OutgoingDocument, OutgoingFragment } from './outgoing-fragment.ts'

/**
 * The fragments that the service has not acknowledged yet, up to so many bytes, in their order. The producer's side adds,
 * sessions read and take out; each hears of the other's changes.
 */
export class UnacknowledgedWindow {
  readonly maxBytes: number
  /** Bytes of its fragments. */
  bytes = 0
  /** How many fragments it holds. */
  fragments = 0
  /** Goes up with everything that the producer adds. */
  additions = 0
  /** The producer adds nothing more. */
  isEnded = false
  #first: OutgoingFragment | undefined
  #last: OutgoingFragment | undefined
  readonly #listeners = new Set<() => void>()

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** How many bytes may be added. */
  get room(): number {
    return Math.max(0, this.maxBytes - this.bytes)
  }

  /** The first one that is not acknowledged. */
  get first(): OutgoingFragment | undefined {
    if (this.#first?.isDone) this.#first = this.#first.nextToSend
    return this.#first
  }

  /** Whether what it holds is one fragment that is not whole: no acknowledgement can make room. */
  get isOneOpenFragment(): boolean {
    return this.fragments === 1 && this.#last !== undefined && !this.#last.isWhole && !this.#last.isDone
  }

  /** A fragment begins; the one before is whole. */
  begin(document: OutgoingDocument, timecode: bigint, timecodeMs: number): void {
    const fragment = new OutgoingFragment(document, timecode, timecodeMs)
    if (this.#last !== undefined) {
      this.#last.isWhole = true
      this.#last.next = fragment
    }
    if (this.first === undefined) this.#first = fragment
    this.#last = fragment
    this.fragments++
    this.#added()
  }

  /** More bytes of the fragment that was begun last. */
  append(bytes: Uint8Array): void {
    const fragment = this.#last!
    fragment.chunks.push(bytes)
    fragment.bytes += bytes.length
    if (!fragment.isDone) this.bytes += bytes.length
    this.#added()
  }

  /** The producer has closed the fragment that was begun last. */
  closeFragment(): void {
    if (this.#last !== undefined) this.#last.isWhole = true
    this.#added()
  }

  /** The producer adds nothing more: the last fragment is whole. */
  end(): void {
    this.isEnded = true
    this.closeFragment()
  }

  /** The producer broke off: the last fragment, if it is not whole, is never sent again, and nothing is added. */
  breakOff(): void {
    const last = this.#last
    this.isEnded = true
    if (last !== undefined && !last.isWhole) this.done(last)
    this.#added()
  }

  /** Takes a fragment out: the service has it. Its place is free for others. */
  done(fragment: OutgoingFragment): void {
    if (fragment.isDone) return
    fragment.isDone = true
    this.bytes -= fragment.bytes
    this.fragments--
    this.wake()
  }

  /** Calls `listener` at every change, until the function that it gives is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at the next change. */
  changed(): Promise<void> {
    return new Promise(resolve => {
      const stop = this.listen(() => {
        stop()
        resolve()
      })
    })
  }

  /** Lets everyone who waits for a change look again. */
  wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #added(): void {
    this.additions++
    this.wake()
  }
}
