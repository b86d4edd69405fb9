import { Readable } from 'node:stream'
import type { OutgoingFragment } from './outgoing-fragment.ts'
import type { UnacknowledgedWindow } from './unacknowledged-window.ts'

export type SessionBodyOptions = {
  readonly window: UnacknowledgedWindow
  /** Where the session begins. */
  readonly first: OutgoingFragment
  /** Asked between two fragments: whether the next one may go in this session too. */
  readonly mayGoOn: () => boolean
  /** A fragment's first bytes go now. */
  readonly onFragment: (fragment: OutgoingFragment) => void
  /** Something went, or nothing is there to go. */
  readonly onProgress: (bytes: number) => void
}

/**
 * The body of one PutMedia request: the document's header, then each fragment that is not acknowledged, as it comes from
 * the producer and as fast as the socket takes it. It ends with the document, with the producer's end, or between two
 * fragments when the session has lasted long enough.
 *
 * Until `open` is called it gives the header only: media that is sent to a service that refuses the call may close the
 * connection before the refusal is read.
 */
export class SessionBody extends Readable {
  readonly #options: SessionBodyOptions
  readonly #stopListening: () => void
  #sentHeader = false
  #isOpen = false
  #isWanted = false
  #fragment: OutgoingFragment | undefined
  /** The next chunk of the fragment under way. */
  #chunk = 0
  /** Nothing more goes: all is given that is to go in this session, or its connection has closed. */
  isOver = false
  /** All is given that is to go in this session. */
  hasGivenAll = false

  constructor(options: SessionBodyOptions) {
    // One chunk ahead of the socket: the window holds the rest.
    super({ highWaterMark: 1 })
    this.#options = options
    this.#stopListening = options.window.listen(() => this.#giveIfWanted())
  }

  /** Whether it waits for the producer, not for the socket. */
  get isStarved(): boolean {
    return this.#isWanted || this.isOver
  }

  /** The service takes the call: the fragments may go. */
  open(): void {
    this.#isOpen = true
    this.#giveIfWanted()
  }

  /** Whether every byte of a fragment that it has begun is given, and no more are to come. */
  hasGivenWhole(fragment: OutgoingFragment): boolean {
    if (!fragment.isWhole) return false
    return fragment !== this.#fragment || this.#chunk === fragment.chunks.length
  }

  override _read(): void {
    this.#isWanted = true
    this.#giveIfWanted()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.isOver = true
    this.#stopListening()
    callback(error)
  }

  #giveIfWanted(): void {
    if (!this.#isWanted || this.isOver) return
    const bytes = this.#next()
    if (bytes === null) {
      this.isOver = true
      this.hasGivenAll = true
    }
    if (bytes !== undefined) {
      this.#isWanted = false
      this.push(bytes)
    }
    this.#options.onProgress(bytes?.length ?? 0)
  }

  /** What goes next; `null` at the end, `undefined` where it is not there yet. */
  #next(): Uint8Array | null | undefined {
    const { window, first } = this.#options
    if (!this.#sentHeader) {
      this.#sentHeader = true
      return first.document.header
    }
    if (!this.#isOpen) return undefined
    if (this.#fragment === undefined) this.#begin(first)
    for (;;) {
      const fragment = this.#fragment!
      // The producer broke off inside it: what is left of it is of no use.
      if (fragment.isDone && !fragment.isWhole) return null
      if (this.#chunk < fragment.chunks.length) return fragment.chunks[this.#chunk++]!
      const next = fragment.nextToSend
      if (next === undefined) return window.isEnded ? null : undefined
      if (next.document !== first.document || !this.#options.mayGoOn()) return null
      this.#begin(next)
    }
  }

  #begin(fragment: OutgoingFragment): void {
    this.#fragment = fragment
    this.#chunk = 0
    fragment.timesSent++
    this.#options.onFragment(fragment)
  }
}
